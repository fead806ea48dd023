package store

import (
	"os"
	"strings"
	"testing"
)

// What is written in bulk comes into the database file long before the log is so
// large that a commit has to see to it.
func TestCheckpointBesideTheWriter(t *testing.T) {
	r := newRig(t)
	half := strings.Repeat("0123456789abcde\n", pieceBytes/32)
	if fresh, err := r.arrives(1, "From: <a@x>\r\n\r\n", half, half, half, half, half); !fresh || err != nil {
		t.Fatal(fresh, err)
	}
	r.checkpoints.wg.Wait()
	file, err := os.Stat(r.Path())
	must(t, err)
	if file.Size() < checkpointBytes {
		t.Errorf("the database file has %d bytes", file.Size())
	}
	r.verifyClean()
}
