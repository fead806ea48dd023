package store

import (
	"testing"
)

const dana = "dana@acme.example"

// forget takes somebody out.
func (r *rig) forget(address string) Forgotten {
	r.Helper()
	f, err := r.Forget(r.Context(), []string{address}, nil, false)
	must(r, err)
	return f
}

// danasMail is a mail of Dana's that was read.
func (r *rig) danasMail(raw string) int64 {
	r.Helper()
	id := r.receive(raw)
	must(r, r.Commit(r.Context(), Step{Team: shop, At: clock(1), Mail: id, Verdict: Read, From: dana, Text: "hello"}))
	return id
}

// Some errors end the transaction, and what came after would commit by itself:
// nothing comes after.
func TestForgetStopsAtTheFirstError(t *testing.T) {
	r := newRig(t)
	const raw = "From: <dana@acme.example>\r\n\r\nhello"
	id := r.danasMail(raw)
	_, err := r.writer.Exec(`CREATE TRIGGER full BEFORE UPDATE OF sender ON inbox BEGIN SELECT raise(ROLLBACK, 'no room'); END`)
	must(t, err)
	_, err = r.Forget(t.Context(), []string{dana}, nil, false)
	wantErr(t, err, "no room")
	if got, err := r.Raw(t.Context(), id); err != nil || string(got) != raw {
		t.Errorf("the mail is %q, %v", got, err)
	}
	r.verifyClean()
}
