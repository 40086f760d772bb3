package setup

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bridge/setup/parleyfile"
	"parley/store/site"
)

func entry(t testing.TB, pool *pgxpool.Pool, kind, name string) Entry {
	t.Helper()
	all, err := Entries(t.Context(), pool, specs())
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Kind == kind && e.Name == name })
	if i < 0 {
		t.Fatalf("no %s %q among %+v", kind, name, all)
	}
	return all[i]
}

// An admin changes an account on a page: what she typed is stored, all else stays, and the record tells before and
// after without a secret.
func TestChangeIsSaved(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	before := entry(t, pool, EntryAccount, "home-loft")
	if !slices.Equal(before.Stored, []string{"loft.in.password", "loft.out.deep.password"}) || before.Value("loft.in.password") != "" {
		t.Errorf("secrets: %v, %q", before.Stored, before.Value("loft.in.password"))
	}
	o.Author = Author{Name: "ann@acme.test"}
	_, err := Save(t.Context(), pool, Change{Kind: EntryAccount, Name: "home-loft", Channel: "pigeon", Version: before.Version, Values: map[string][]string{
		"hold": {"1m"}, "settings.receipts": {"sent"}, "settings.confirm_send": {""}, "loft.in.password": {"n3w ${SECRET}"},
		"loft.aliases": {"billing@acme.test"}, "signature": {"Ann\n-- \nfor *Acme* ${X}"},
		"hours.zone": {"Europe/Berlin"}, "hours.week.mon-fri": {"09:00-17:00"}, "hours.holidays": {"2026-12-25"},
	}}, o)
	if err != nil {
		t.Fatal(err)
	}
	after := entry(t, pool, EntryAccount, "home-loft")
	for path, want := range map[string]string{"hold": "1m0s", "settings.receipts": "sent", "settings.confirm_send": "", "loft.aliases": "billing@acme.test",
		"loft.address": "help@acme.test", "signature": "Ann\n-- \nfor *Acme* ${X}", "hours.week.mon-fri": "09:00-17:00", "hours.holidays": "2026-12-25"} {
		if got := after.Value(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
	if after.Version == before.Version {
		t.Error("the version stayed")
	}
	changes, err := site.ListChanges(t.Context(), pool, 0, 1)
	if err != nil || len(changes) != 1 {
		t.Fatal(changes, err)
	}
	lines := strings.Join(changes[0].Lines, "\n")
	if changes[0].Author != "ann@acme.test" || !strings.Contains(lines, "hold 20s → 1m0s") || strings.Contains(lines, "n3w") {
		t.Errorf("%s: %s", changes[0].Author, lines)
	}
}

// Two admins change the same account: the second one is told, and changes nothing.
func TestChangeOfTwo(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	seen := entry(t, pool, EntryTeam, "Support")
	change := func(version, emoji string) error {
		_, err := Save(t.Context(), pool, Change{Kind: EntryTeam, Name: "Support", Version: version, Values: map[string][]string{"emoji." + emoji: {"resolve"}}}, o)
		return err
	}
	if err := change(seen.Version, "tada"); err != nil {
		t.Fatal(err)
	}
	if err := change(seen.Version, "rocket"); !errors.Is(err, ErrStale) {
		t.Errorf("the second: %v", err)
	}
	if got := entry(t, pool, EntryTeam, "Support"); got.Value("emoji.rocket") != "" || got.Value("emoji.tada") != "resolve" {
		t.Errorf("emoji: %v", got.Values)
	}
	if err := change("", "tada"); !errors.Is(err, ErrExists) {
		t.Errorf("as a new one: %v", err)
	}
}

// What is wrong stands beside its field.
func TestChangeIsRefused(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	for name, c := range map[string]struct {
		change Change
		fields []string
	}{
		"several": {Change{Kind: EntryAccount, Name: "home-loft", Channel: "pigeon", Values: map[string][]string{"hold": {"soon"}, "mode": {"half"}, "rate": {"-1"},
			"settings.ai_audit": {"ever"}, "settings.ai_references": {"invoice\norder: ("}, "settings.ai_intents": {"Big Name"}}},
			[]string{"hold", "mode", "rate", "settings.ai_audit", "settings.ai_references", "settings.ai_intents"}},
		"channel": {Change{Kind: EntryAccount, Name: "home-loft", Channel: "pigeon", Values: map[string][]string{
			"loft.in.security": {"rope"}, "loft.address": {""}, "team": {"Nobody"}}}, []string{"loft.address", "loft.in.security", "team"}},
		"hours":    {Change{Kind: EntryAccount, Name: "rookery", Channel: "raven", Values: map[string][]string{"hours.week.mon": {"9 to 5"}, "hours.zone": {"UTC"}}}, []string{"hours.week.mon"}},
		"company":  {Change{Kind: EntryCompany, Values: map[string][]string{"settings.who_replies": {"everybody"}}}, []string{"settings.who_replies"}},
		"member":   {Change{Kind: EntryTeam, Name: "Support", Values: map[string][]string{"members": {"eve@acme.test"}}}, []string{"members"}},
		"new one":  {Change{Kind: EntryAgent, Name: "no address", Values: map[string][]string{"name": {"Eve"}}}, []string{"email"}},
		"no name":  {Change{Kind: EntryAgent, Name: "eve@acme.test", Values: map[string][]string{"zone": {"Mars"}, "name": {""}}}, []string{"name", "zone"}},
		"required": {Change{Kind: EntryAccount, Name: "second-loft", Channel: "pigeon", Values: map[string][]string{"loft.address": {"x"}}}, []string{"loft.in.host", "loft.in.password"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.change.Kind != EntryAgent && c.change.Name != "second-loft" {
				c.change.Version = entry(t, pool, c.change.Kind, c.change.Name).Version
			}
			_, err := Save(t.Context(), pool, c.change, o)
			var refused *Refused
			if !errors.As(err, &refused) {
				t.Fatalf("not refused: %v", err)
			}
			for _, path := range c.fields {
				if refused.Fields[path] == "" {
					t.Errorf("nothing said of %s: %v", path, refused)
				}
			}
			if len(refused.Fields) != len(c.fields) || len(refused.Others) > 0 {
				t.Errorf("said of: %v", refused)
			}
		})
	}
}

// An admin takes an agent, an account and a team out again.
func TestChangeTakesOut(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	out := func(kind, name string) error {
		_, err := Save(t.Context(), pool, Change{Kind: kind, Name: name, Version: entry(t, pool, kind, name).Version, Remove: true}, o)
		return err
	}
	var refused *Refused
	if err := out(EntryTeam, "Support"); !errors.As(err, &refused) || !strings.Contains(refused.Others[0], "home-loft") {
		t.Errorf("a team in use: %v", err)
	}
	for _, step := range [][2]string{{EntryAccount, "home-loft"}, {EntryTeam, "Support"}, {EntryAgent, "ben@acme.test"}} {
		if err := out(step[0], step[1]); err != nil {
			t.Errorf("%v: %v", step, err)
		}
	}
	all, err := Entries(t.Context(), pool, specs())
	all = slices.DeleteFunc(all, func(e Entry) bool { return e.Kind == EntryTag || e.Kind == EntryKnowledge })
	if err != nil || len(all) != 3 { // the file itself, Ann, the rookery
		t.Errorf("left: %+v, %v", all, err)
	}
}

// Whatever is typed into a field of a page is stored as it is, or refused beside the field: it never becomes
// another key.
func FuzzChange(f *testing.F) {
	f.Add("a: b\n- c", "${PATH}", "\"q\" 'r' \\ {x} [y] # z")
	f.Add("\tx\r\n ", "$${", "*a &b !c |")
	f.Add("true", "null", "007")
	f.Add("\u2028\u0085", "\ufeff", "\x00")
	f.Fuzz(func(t *testing.T, name, signature, entry string) {
		doc := &changeFile{kind: EntryAccount, fields: FieldsOf(EntryAccount, new(loft()))}
		doc.build(Change{Kind: EntryAccount, Name: "home-loft", Channel: "pigeon", Values: map[string][]string{
			"signature": {signature}, "loft.sender_name": {name}, "loft.aliases": {entry, "second"}}}, placeOf(EntryAccount))
		file, err := parleyfile.Parse([]byte(strings.Join(doc.lines, "\n")+"\n"), noVariables)
		if err != nil {
			var refused *Refused
			if !errors.As(doc.asRefused(err), &refused) || len(refused.Others) > 0 {
				t.Fatalf("%v of %q", err, doc.lines)
			}
			return
		}
		if len(file.Accounts) != 1 || file.Accounts[0].Name != "home-loft" || len(file.Accounts[0].Sections) != 1 || len(file.Accounts[0].Sections[0].Fields) != 2 {
			t.Fatalf("%+v", file.Accounts)
		}
		if got := file.Accounts[0].Signature.Value; got != signature {
			t.Errorf("signature %q became %q", signature, got)
		}
		fields := file.Accounts[0].Sections[0].Fields
		if fields[0].Many.Items[0].Value != entry || fields[1].One.Value != name {
			t.Errorf("%q and %q became %+v", entry, name, fields)
		}
	})
}
