package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode"

	"gatepost/parse"
)

// commandWords are the words of every team, by the command they give: what a
// team's own words must not take away.
var commandWords = map[string][]string{
	"approve":  {"approve", "approved", "lgtm", "ship it"},
	"redirect": {"redirect", "rework", "reject"},
	"done":     {"done", "delivered", "ready", "shipped"},
	"queue":    {"queue"}, "blocked": {"blocked"}, "question": {"question"}, "now": {"now"}, "top": {"top"},
	"after": {"after"}, "to": {"to"}, "drop": {"drop"}, "pause": {"pause"}, "resume": {"resume"}, "undo": {"undo"},
	"reopen": {"reopen"}, "away": {"away"}, "back": {"back"}, "too big": {"too big"}, "yes": {"yes"}, "status": {"status"},
	"record": {"record"}, "search": {"search"}, "help": {"help"},
}

// softWords are what people say without deciding; they get a question back,
// so they can be no command.
var softWords = []string{"ok", "okay", "good", "looks good", "no", "thanks"}

// words reads [team.words]: command → words, all in lower case. To them come
// those of the languages that the team's people read.
func (r *configReader) words(path, who string, f map[string][]string, languages []string) map[string][]string {
	commands := slices.Sorted(maps.Keys(commandWords))
	owner := map[string]string{}
	for _, s := range softWords {
		owner[s] = ""
	}
	for command, own := range commandWords {
		for _, w := range own {
			owner[w] = command
		}
	}
	words := parse.WordsOf(languages)
	for command, list := range words {
		for _, w := range list {
			owner[w] = command
		}
	}
	for _, command := range slices.Sorted(maps.Keys(f)) { // in order: of two that clash the second is named
		at := path + "." + command
		if !slices.Contains(commands, command) {
			hint := "use one of " + strings.Join(commands, ", ")
			if near := nearest(command, commands); near != "" {
				hint = fmt.Sprintf("did you mean %q?", near)
			}
			r.mark(at, "%swords for %q, which is no command: %s", who, command, hint)
			continue
		}
		for i, written := range f[command] {
			place := fmt.Sprintf("%s.%d", at, i)
			word := strings.ToLower(strings.Join(strings.Fields(written), " "))
			if !strings.ContainsFunc(word, unicode.IsLetter) || strings.ContainsFunc(written, isControl) || len(word) > 60 {
				r.mark(place, "%sword %q for %q: want a word or a few, on one line, with letters", who, written, command)
				continue
			}
			switch other, taken := owner[word]; {
			case taken && other == "":
				r.mark(place, "%sword %q for %q is what people say without deciding, and is asked about: choose a plainer one", who, written, command)
			case taken && other != command:
				r.mark(place, "%sword %q for %q already means %q: a word gives one command, choose another", who, written, command, other)
			case !taken:
				owner[word] = command
				words[command] = append(words[command], word)
			}
		}
	}
	return words
}
