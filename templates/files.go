package templates

import (
	"fmt"

	"gatepost/loop"
)

// shownFiles is how many attachments a letter names in one place.
const shownFiles = 4

// Came says in a sentence that what came with words is not sent on, and who has
// it; "" if nothing came. whom wrote the words: their name, "" if nobody knows.
func (v *view) Came(files []loop.File, whom string) string {
	if len(files) == 0 {
		return ""
	}
	return v.says("files", "n", len(files), "files", v.named(files), "whom", or(clip(whom, 40), v.says("somebody")))
}

// TaskCame is Came for a task's own mails, and what they quoted or forwarded.
// Whoever wrote the task is told that it went no further.
func (v *view) TaskCame(t loop.TaskView) []string {
	var out []string
	name, below, whom := "files", "files.below", or(clip(t.By, 40), v.says("somebody"))
	if t.By == v.L.Name {
		name, below = "files.yours", "files.yours.below"
	}
	if n := len(t.Files); n > 0 {
		out = append(out, v.says(name, "n", n, "files", v.named(t.Files), "whom", whom))
	}
	if t.Below {
		out = append(out, v.says(below, "whom", whom))
	}
	return out
}

// named is a list of attachments: "cart.png" (120 kB), "log.txt" (3 kB) and 2 more.
func (v *view) named(files []loop.File) string {
	var names []string
	for _, f := range files {
		name := v.says("files.unnamed")
		if f.Name != "" {
			name = quote(clip(f.Name, 40))
		}
		names = append(names, fmt.Sprintf("%s (%s)", name, v.bytes(f.Size)))
	}
	return v.list(names, shownFiles)
}

// bytes is a size as mail clients show it, 1 kB at least.
func (v *view) bytes(n int) string {
	if n >= 1e6 {
		return v.tenth(float64(n)/1e6) + " MB"
	}
	return fmt.Sprintf("%d kB", max((n+500)/1000, 1))
}
