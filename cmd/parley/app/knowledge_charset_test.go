package app_test

import (
	"slices"
	"strings"
	"testing"

	"parley/store"
	"parley/store/storetest"
)

// plainWords is text in ASCII alone, longer than the part of a page in which its character set is looked for.
var plainWords = strings.Repeat("All of this has plain letters only. ", 40)

const maxPageBytes = 1 << 20 // as the reader has it

// checkBody reads a place, and checks that a section is found in it that has these words.
func checkBody(t *testing.T, place, words string) {
	t.Helper()
	pool := createPlaces(t, place)
	readPlaces(t, pool)
	found := storetest.Must(store.FindKnowledge(t.Context(), pool, words, 5))(t)
	if !slices.ContainsFunc(found, func(s store.KnowledgeSection) bool { return strings.Contains(s.Body, words) }) {
		t.Errorf("found %d sections, and none with %q", len(found), words)
	}
}

// Many servers name no character set for plain text and Markdown. UTF-8 is recognised, also if its first letter beyond
// ASCII comes late, or the limit of a page cuts the last letter in two.
func TestSiteThatNamesNoCharacterSet(t *testing.T) {
	t.Parallel()
	const warranty = "Warranty für Möbel"
	cutPage := "# Warranty\n\n" + plainWords + "\n\n" + warranty + "\n\n"
	cutPage += strings.Repeat("a", maxPageBytes-1-len(cutPage)) + "ü" // the limit is within this letter
	for name, page := range map[string]string{
		"UTF-8 at once":        "# Warranty\n\n" + warranty,
		"UTF-8 late":           "# Warranty\n\n" + plainWords + "\n\n" + warranty,
		"UTF-8 with a mark":    "\ufeff# Warranty\n\n" + warranty,
		"UTF-8 that is cut":    cutPage,
		"Windows-1252, as old": "# Warranty\n\nWarranty f\xfcr M\xf6bel",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, map[string]string{"/warranty.txt": page})
			checkBody(t, s.URL+"/warranty.txt", warranty)
		})
	}
}

// A file that isn't UTF-8 loses no letters: what a reply quotes from it is spelled as the file has it.
func TestFileInAnotherCharacterSet(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, file, text string }{
		{name: "Windows-1252", file: "w.txt", text: "# Warranty\n\nWarranty f\xfcr M\xf6bel"},
		{name: "HTML that names it", file: "w.html", text: `<meta charset="iso-8859-2"><p>Warranty f` + "\xfcr M\xf6bel \xb3" + `</p>`},
		{name: "UTF-16, as Notepad writes it", file: "w.txt", text: "\xff\xfe" + utf16("Warranty für Möbel")},
		{name: "UTF-8 with a mark", file: "w.md", text: "\ufeffWarranty für Möbel"},
		{name: "UTF-8 with a late letter", file: "w.md", text: "# Warranty\n\n" + plainWords + "\n\nWarranty für Möbel"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			writeFile(t, tt.text, dir, tt.file)
			checkBody(t, dir, "Warranty für Möbel")
		})
	}
}

// utf16 returns a text of the Basic Multilingual Plane in UTF-16, little end first.
func utf16(text string) string {
	var b strings.Builder
	for _, r := range text {
		b.WriteByte(byte(r))
		b.WriteByte(byte(r >> 8))
	}
	return b.String()
}
