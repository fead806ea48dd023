package parse

import "strings"

// The words of other languages stand in tables/word-<code>.txt. A team accepts
// those of its people's languages (Options.Words); the first of each row is the
// one that letters show and their buttons send. They obey every rule that the
// English words obey.
var languageWords = map[string]map[string][]string{"de": wordTable("word-de.txt"), "es": wordTable("word-es.txt")}

func wordTable(name string) map[string][]string {
	out := map[string][]string{}
	for _, row := range tableRows(name) {
		out[row[0]] = append(out[row[0]], tableWords(row[1])...)
	}
	return out
}

// LanguageWords are the words of a language by canonical word, best first; nil
// for English, whose words everybody can use, and for one that is not known.
// The caller must not change it.
func LanguageWords(code string) map[string][]string { return languageWords[code] }

// WordsOf are the words of several languages together, as Options.Words wants
// them.
func WordsOf(codes []string) map[string][]string {
	out := map[string][]string{}
	for _, code := range codes {
		for word, list := range languageWords[code] {
			out[word] = append(out[word], list...)
		}
	}
	return out
}

// addsAlias is what a reply to a confirm letter says when the address that the
// mail came from is the reader's as well.
const addsAlias = "yes add"

// AddsAlias tells whether a text says just that, in any language.
func AddsAlias(text string) bool {
	text = fold(strings.Join(strings.FieldsFunc(text, func(r rune) bool { return strings.ContainsRune(" ,.!\r\n", r) }), " "))
	if text == addsAlias {
		return true
	}
	for _, words := range languageWords {
		for _, w := range words[addsAlias] {
			if text == w {
				return true
			}
		}
	}
	return false
}
