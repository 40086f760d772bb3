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

// fuzzSecret is no possible name of an account and no address, because messages do show these.
const fuzzSecret = "tops3cret never shown"

// A file is read without a panic, whatever it contains. Its faults are told in words, and quote no secret.
func FuzzParse(f *testing.F) {
	files := must(filepath.Glob("testdata/faults/*.yaml"))(f)
	for _, path := range files {
		raw := must(os.ReadFile(path))(f)
		f.Add(string(raw))
	}

	f.Add(acme)
	f.Fuzz(func(t *testing.T, raw string) {
		file, err := Parse([]byte(raw), func(string) (string, bool) { return fuzzSecret, true })
		if err == nil {
			_, err = file.apply(&State{Settings: map[string]string{}, Surfaces: map[string]store.AccountID{}}, specs(), Found{}, true)
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

// An exported file reads back as the same set-up, whatever texts the database has.
func FuzzExport(f *testing.F) {
	for _, s := range []string{
		"", "plain", "off", "null", "~", "007", "+15550100", "1e3", "0x1f", "a: b", "- a", "# a", "'", `"`, `\`, "${A}",
		"$${A}",
		"a\nb", "a\n\n  b\n", " a", "a ", "\ta", "|", ">", "&a", "*a", "!a", "%a", "@a", "`a", "{a", "[a", "a #b", "a\u2028b", "\u0085",
		"\ufeffa", "é😀", "a\r\nb", "---", "...", "<<",
	} {
		f.Add(s, s, s)
	}

	f.Fuzz(func(t *testing.T, a, b, c string) {
		for _, s := range []string{a, b, c} {
			if !utf8.ValidString(s) || strings.Contains(s, "\x00") {
				t.Skip() // PostgreSQL holds no such text
			}
		}

		item := strings.TrimSpace(strings.ReplaceAll(b, "\n", " "))
		aliases := slices.DeleteFunc(slices.Compact([]string{item, "y"}), func(s string) bool { return s == "" })
		have := &State{Company: strings.TrimSpace(a), Surfaces: map[string]store.AccountID{"slack": 1}, Accounts: []StateAccount{{
			Row: store.Account{Name: "x", Kind: "pigeon", Mode: "live", ReplyMode: "direct", Rate: 1,
				AccountSignature: store.AccountSignature{Signature: strings.TrimRight(c, "\n")}},
			Config: map[string]string{"address": "a" + strings.TrimSpace(b) + "z", "in.host": "h", "in.password": "",
				"aliases": strings.Join(aliases, "\n"), "sender_name": strings.TrimSpace(c)},
			Secrets: map[string]string{"in.password": a + "s"}, Settings: map[string]string{}}}}
		if have.Accounts[0].Config["sender_name"] == "" {
			delete(have.Accounts[0].Config, "sender_name")
		}

		raw := must(writeFile(have, specs()))(t)
		file, err := Parse(raw, env("X_IN_PASSWORD="+a+"s"))
		if err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}

		want := have.Clone()
		if _, err := file.apply(want, specs(), Found{}, true); err != nil {
			t.Fatalf("%v\n%s", err, raw)
		}

		if got := diff(have, want, specs(), unremovable{}); len(got) > 0 {
			t.Fatalf("%s\n%s", strings.Join(got, "\n"), raw)
		}
		if !equalAccounts(have.Accounts[0], want.Accounts[0], specs()) {
			t.Fatalf("rows differ\n%s", raw)
		}
	})
}

// A text that is typed into a field of a page is stored as it is, or refused beside the field. It never becomes
// another key.
func FuzzChange(f *testing.F) {
	f.Add("a: b\n- c", "${PATH}", "\"q\" 'r' \\ {x} [y] # z")
	f.Add("\tx\r\n ", "$${", "*a &b !c |")
	f.Add("true", "null", "007")
	f.Add("\u2028\u0085", "\ufeff", "\x00")

	f.Fuzz(func(t *testing.T, name, signature, entry string) {
		doc := &changeFile{kind: EntryAccount, fields: FieldsOf(EntryAccount, new(loft()))}
		doc.build(Change{Kind: EntryAccount, Name: "home-loft", Channel: "pigeon", Values: map[string][]string{
			"signature": {signature}, "loft.sender_name": {name}, "loft.aliases": {entry, "second"}}}, namesOf(EntryAccount))

		file, err := Parse([]byte(strings.Join(doc.lines, "\n")+"\n"), noVariables)
		if err != nil {
			var refused *Refused
			if !errors.As(doc.asRefused(err), &refused) || len(refused.Others) > 0 {
				t.Fatalf("%v of %q", err, doc.lines)
			}
			return
		}

		stored := file.entry("account", "home-loft")
		if len(file.entries) != 1 || stored == nil || len(stored.sections) != 1 || len(stored.sections[0].Fields) != 2 {
			t.Fatalf("%+v", file.entries)
		}

		if got := file.said.Accounts[0].Row.Signature; got != strings.TrimRight(signature, "\n") {
			t.Errorf("signature %q became %q", signature, got)
		}
		fields := stored.sections[0].Fields
		if fields[0].Many.Items[0].Value != entry || fields[1].One.Value != name {
			t.Errorf("%q and %q became %+v", entry, name, fields)
		}
	})
}
