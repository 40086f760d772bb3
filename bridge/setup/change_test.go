package setup

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store"
)

// entry returns one entry as a page shows it, such as the account home-loft.
func entry(t testing.TB, pool *pgxpool.Pool, kind, name string) Entry {
	t.Helper()
	all := must(Entries(t.Context(), pool, specs()))(t)
	i := slices.IndexFunc(all, func(e Entry) bool { return e.Kind == kind && e.Name == name })
	if i < 0 {
		t.Fatalf("no %s %q among %+v", kind, name, all)
	}
	return all[i]
}

// changeLoft returns the values that an admin types into the page of the account home-loft.
func changeLoft() map[string][]string {
	return map[string][]string{
		"hold":                  {"1m"},
		"hours.holidays":        {"2026-12-25"},
		"hours.week.mon-fri":    {"09:00-17:00"},
		"hours.zone":            {"Europe/Berlin"},
		"loft.aliases":          {"billing@acme.test"},
		"loft.in.password":      {"n3w ${SECRET}"}, // a page has no variables, though this looks like one
		"settings.confirm_send": {""},
		"settings.receipts":     {"sent"},
		"signature":             {"Ann\n-- \nfor *Acme* ${X}"},
	}
}

// saveLoft saves changeLoft as Ann.
func saveLoft(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	o := options(t)
	o.Author = Author{Name: "ann@acme.test"}
	change := Change{
		Kind:    EntryAccount,
		Name:    "home-loft",
		Channel: "pigeon",
		Version: entry(t, pool, EntryAccount, "home-loft").Version,
		Values:  changeLoft(),
	}
	must(Save(t.Context(), pool, change, o))(t)
}

// A page says which secrets are stored, and doesn't show them.
func TestSecretsAreNotShown(t *testing.T) {
	t.Parallel()
	pool := acmeApplied(t, options(t))
	loft := entry(t, pool, EntryAccount, "home-loft")
	if want := []string{"loft.in.password", "loft.out.deep.password"}; !slices.Equal(loft.Stored, want) {
		t.Errorf("stored secrets: got %q, want %q", loft.Stored, want)
	}
	if got := loft.Value("loft.in.password"); got != "" {
		t.Errorf("the page shows the password %q, want nothing", got)
	}
}

// A page's values are stored as an admin typed them, and all other values stay.
func TestChangeIsSaved(t *testing.T) {
	t.Parallel()
	pool := acmeApplied(t, options(t))
	before := entry(t, pool, EntryAccount, "home-loft")
	saveLoft(t, pool)
	after := entry(t, pool, EntryAccount, "home-loft")
	if after.Version == before.Version {
		t.Errorf("the version is %q as before, want another one", after.Version)
	}

	tests := []struct{ path, want string }{
		{path: "hold", want: "1m0s"},
		{path: "hours.holidays", want: "2026-12-25"},
		{path: "hours.week.mon-fri", want: "09:00-17:00"},
		{path: "loft.address", want: "help@acme.test"}, // it wasn't changed
		{path: "loft.aliases", want: "billing@acme.test"},
		{path: "settings.confirm_send", want: ""},
		{path: "settings.receipts", want: "sent"},
		{path: "signature", want: "Ann\n-- \nfor *Acme* ${X}"},
	}
	for _, tt := range tests {
		if got := after.Value(tt.path); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.path, got, tt.want)
		}
	}
}

// The record of changes says who changed what, with the values before and after, but without secrets.
func TestChangeIsRecorded(t *testing.T) {
	t.Parallel()
	pool := acmeApplied(t, options(t))
	saveLoft(t, pool)
	page := must(store.ReadLog(t.Context(), pool, store.LogFilter{What: store.LogSetUp}, store.LogPlace{}, 1))(t)
	if len(page.Rows) != 1 {
		t.Fatalf("got %d changes, want the latest one: %+v", len(page.Rows), page.Rows)
	}
	if got, want := page.Rows[0].By, "ann@acme.test"; got != want {
		t.Errorf("author: got %q, want %q", got, want)
	}

	lines := page.Rows[0].Text
	if want := "hold 20s → 1m0s"; !strings.Contains(lines, want) {
		t.Errorf("the record doesn't tell %q:\n%s", want, lines)
	}
	if strings.Contains(lines, "n3w") {
		t.Errorf("the record tells the new password:\n%s", lines)
	}
}

// saveEmoji lets an emoji resolve conversations of the team Support. version is the version of the team that an admin
// saw; "" means a new team.
func saveEmoji(t *testing.T, pool *pgxpool.Pool, version, emoji string) error {
	t.Helper()
	change := Change{Kind: EntryTeam, Name: "Support", Version: version, Values: map[string][]string{"emoji." + emoji: {"resolve"}}}
	_, err := Save(t.Context(), pool, change, options(t))
	return err
}

// If two admins change the same team at once, the second one is told, and changes nothing.
func TestChangeOfAnOldVersionIsRefused(t *testing.T) {
	t.Parallel()
	pool := acmeApplied(t, options(t))
	seen := entry(t, pool, EntryTeam, "Support").Version
	check(t, saveEmoji(t, pool, seen, "tada"))
	if err := saveEmoji(t, pool, seen, "rocket"); !errors.Is(err, ErrStale) {
		t.Errorf("the second admin's change: got the error %v, want %v", err, ErrStale)
	}
	support := entry(t, pool, EntryTeam, "Support")
	if got, want := support.Value("emoji.tada"), "resolve"; got != want {
		t.Errorf("the first admin's emoji: got %q, want %q", got, want)
	}
	if got := support.Value("emoji.rocket"); got != "" {
		t.Errorf("the second admin's emoji: got %q, want none", got)
	}
}

// refusedChange is a change that must be refused with a text beside each of some fields, and with no other text.
type refusedChange struct {
	name    string
	kind    string
	entry   string // its name
	isNew   bool   // else it is changed in its present version
	channel string // of an account
	values  map[string][]string
	fields  []string
}

func refusedChanges() []refusedChange {
	return []refusedChange{
		{
			name:    "several fields of an account",
			kind:    EntryAccount,
			entry:   "home-loft",
			channel: "pigeon",
			values: map[string][]string{
				"hold":                   {"soon"},
				"mode":                   {"half"},
				"rate":                   {"-1"},
				"settings.ai_audit":      {"ever"},
				"settings.ai_references": {"invoice\norder: ("},
				"settings.ai_intents":    {"Big Name"},
			},
			fields: []string{"hold", "mode", "rate", "settings.ai_audit", "settings.ai_references", "settings.ai_intents"},
		},
		{
			name:    "fields of an account's channel",
			kind:    EntryAccount,
			entry:   "home-loft",
			channel: "pigeon",
			values:  map[string][]string{"loft.in.security": {"rope"}, "loft.address": {""}, "team": {"Nobody"}},
			fields:  []string{"loft.address", "loft.in.security", "team"},
		},
		{
			name:    "hours",
			kind:    EntryAccount,
			entry:   "rookery",
			channel: "raven",
			values:  map[string][]string{"hours.week.mon": {"9 to 5"}, "hours.zone": {"UTC"}},
			fields:  []string{"hours.week.mon"},
		},
		{
			name:   "a setting of the company",
			kind:   EntryCompany,
			values: map[string][]string{"settings.who_replies": {"everybody"}},
			fields: []string{"settings.who_replies"},
		},
		{
			name: "a member whom nobody knows", kind: EntryTeam, entry: "Support",
			values: map[string][]string{"members": {"eve@acme.test"}}, fields: []string{"members"},
		},
		{
			name:   "a new agent without an e-mail address",
			kind:   EntryAgent,
			entry:  "no address",
			isNew:  true,
			values: map[string][]string{"name": {"Eve"}},
			fields: []string{"email"},
		},
		{
			name:   "a new agent without a name",
			kind:   EntryAgent,
			entry:  "eve@acme.test",
			isNew:  true,
			values: map[string][]string{"zone": {"Mars"}, "name": {""}},
			fields: []string{"name", "zone"},
		},
		{
			name: "a new agent with the user of a colleague", kind: EntryAgent, entry: "eve@acme.test", isNew: true,
			values: map[string][]string{"name": {"Eve"}, "slack": {" U0ANN "}}, fields: []string{"slack"},
		},
		{
			name:    "a new account without what its channel requires",
			kind:    EntryAccount,
			entry:   "second-loft",
			isNew:   true,
			channel: "pigeon",
			values:  map[string][]string{"loft.address": {"x"}},
			fields:  []string{"loft.in.host", "loft.in.password"},
		},
	}
}

// A fault in a change is named beside its field.
func TestChangeIsRefused(t *testing.T) {
	t.Parallel()
	o := options(t)
	pool := acmeApplied(t, o)
	for _, tt := range refusedChanges() {
		t.Run(tt.name, func(t *testing.T) {
			version := ""
			if !tt.isNew {
				version = entry(t, pool, tt.kind, tt.entry).Version
			}
			change := Change{Kind: tt.kind, Name: tt.entry, Channel: tt.channel, Version: version, Values: tt.values}
			_, err := Save(t.Context(), pool, change, o)

			var refused *Refused
			if !errors.As(err, &refused) {
				t.Fatalf("got the error %v, want a *Refused", err)
			}
			got := slices.Sorted(maps.Keys(refused.Fields))
			if want := slices.Sorted(slices.Values(tt.fields)); !slices.Equal(got, want) {
				t.Errorf("refused fields: got %q, want %q", got, want)
			}

			for path, text := range refused.Fields {
				if text == "" {
					t.Errorf("%s is refused without a word", path)
				}
			}
			if len(refused.Others) > 0 {
				t.Errorf("said of no field: %q, want nothing", refused.Others)
			}
		})
	}
}

// removeEntry takes an entry out, in its present version.
func removeEntry(t *testing.T, pool *pgxpool.Pool, kind, name string) error {
	t.Helper()
	change := Change{Kind: kind, Name: name, Version: entry(t, pool, kind, name).Version, Remove: true}
	_, err := Save(t.Context(), pool, change, options(t))
	return err
}

// An admin takes an account, its team and an agent out. Everything else that was set up stays.
func TestEntriesAreTakenOut(t *testing.T) {
	t.Parallel()
	pool := acmeApplied(t, options(t))
	removed := []struct{ kind, name string }{
		{kind: EntryAccount, name: "home-loft"}, // before its team, which is in use until then
		{kind: EntryTeam, name: "Support"},
		{kind: EntryAgent, name: "ben@acme.test"},
	}
	for _, e := range removed {
		if err := removeEntry(t, pool, e.kind, e.name); err != nil {
			t.Errorf("%s %s: %v", e.kind, e.name, err)
		}
	}

	all := must(Entries(t.Context(), pool, specs()))(t)
	var left []string
	for _, e := range all {
		if e.Kind != EntryTag && e.Kind != EntryKnowledge && e.Kind != EntryRoles {
			left = append(left, e.Name)
		}
	}
	slices.Sort(left)
	const file = "" // the file itself
	if want := []string{file, "ann@acme.test", "rookery"}; !slices.Equal(left, want) {
		t.Errorf("left: got %q, want %q", left, want)
	}
}
