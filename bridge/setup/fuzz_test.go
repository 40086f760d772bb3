package setup

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"parley/store"
)

// fuzzSecret can't be an account's name or an address, which messages do show.
const fuzzSecret = "tops3cret never shown"

// Whatever the file holds: no panic, faults in words, no secret quoted.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/*/*.yaml")
	if err != nil {
		f.Fatal(err)
	}
	for _, path := range files {
		raw, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(raw))
	}
	f.Add(acme)
	f.Fuzz(func(t *testing.T, raw string) {
		file, err := Parse([]byte(raw), func(string) (string, bool) { return fuzzSecret, true })
		if err == nil {
			o := overlay{state: &state{surfaces: map[string]store.AccountID{}}, specs: specs()}
			err = o.apply(file, true)
		}
		if err == nil {
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("%T: %v", err, err)
		}
		if strings.Contains(err.Error(), fuzzSecret) && !strings.Contains(err.Error(), "team "+fuzzSecret) {
			t.Fatalf("a secret is quoted: %v", err)
		}
	})
}

// Whatever the database holds, its export reads back the same.
func FuzzExport(f *testing.F) {
	for _, s := range []string{"", "plain", "off", "null", "~", "007", "+15550100", "1e3", "0x1f", "a: b", "- a", "# a", "'", `"`, `\`, "${A}", "$${A}",
		"a\nb", "a\n\n  b\n", " a", "a ", "\ta", "|", ">", "&a", "*a", "!a", "%a", "@a", "`a", "{a", "[a", "a #b", "a\u2028b", "\u0085", "\ufeffa", "é😀", "a\r\nb", "---", "...", "<<"} {
		f.Add(s, s, s)
	}
	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, s := range []string{a, b, c} {
			if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
				t.Skip() // PostgreSQL holds no such text
			}
		}
		item := strings.TrimSpace(strings.ReplaceAll(b, "\n", " "))
		have := &state{company: strings.TrimSpace(a), surfaces: map[string]store.AccountID{"slack": 1}, accounts: []account{{
			row: store.Account{Name: "x", Kind: "pigeon", Mode: "live", ReplyMode: "direct", Rate: 1, Signature: strings.TrimRight(c, "\n")},
			config: map[string]string{"address": "a" + strings.TrimSpace(b) + "z", "in.host": "h", "in.password": "",
				"aliases": strings.Join(unique([]string{item, "y"}), "\n"), "sender_name": strings.TrimSpace(c)},
			secrets: map[string]string{"in.password": a + "s"}, settings: map[string]string{}}}}
		if have.accounts[0].config["sender_name"] == "" {
			delete(have.accounts[0].config, "sender_name")
		}
		raw, err := have.file(specs())
		if err != nil {
			t.Fatal(err)
		}
		file, err := Parse(raw, env("X_IN_PASSWORD="+a+"s"))
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		want := overlay{state: have.clone(), specs: specs()}
		if err := want.apply(file, true); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}
		if got := diff(have, want.state, specs(), kept{}); len(got) > 0 {
			t.Fatalf("%s\n%s", strings.Join(got, "\n"), raw)
		}
		if !slices.Equal(have.accounts[0].attributes(&specs()[0]), want.accounts[0].attributes(&specs()[0])) {
			t.Fatalf("attributes differ\n%s", raw)
		}
	})
}
