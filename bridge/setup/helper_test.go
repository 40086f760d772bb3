package setup

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels"
	"parley/store"
	"parley/store/storetest"
)

// loft is a channel that no vendor has: two servers, a list, secrets, a choice.
func loft() channels.Spec {
	return channels.Spec{Kind: "pigeon", Section: "loft", Name: "Pigeon", Icon: "bird", Fields: []channels.Field{
		{Name: "address", Label: "Address", Help: "Where pigeons come home.", Required: true},
		{Name: "aliases", Label: "Other addresses", List: true},
		{Name: "sender_name", Label: "Sender name"},
		{Name: "in.host", Label: "Landing board", Help: "Where pigeons land.", Required: true},
		{Name: "in.port", Label: "Port", Default: "993"},
		{Name: "in.security", Label: "Security", Default: "cage", OneOf: []string{"cage", "none"}},
		{Name: "in.password", Label: "Password", Help: "What the keeper asks for.", Secret: true, Required: true},
		{Name: "out.deep.password", Label: "Other password", Secret: true},
	}}
}

// raven has its section under its kind and needs nothing. Its customers have numbers.
func raven() channels.Spec {
	readNumber := func(_ channels.Config, typed string) (channels.Party, error) {
		number := strings.ReplaceAll(typed, " ", "")
		if !strings.HasPrefix(number, "+") {
			return channels.Party{}, &channels.SendError{Class: channels.BadRecipient, Hint: "Write it like +1 555 0100."}
		}
		return channels.Party{Key: number}, nil
	}
	return channels.Spec{
		Kind:        "raven",
		Name:        "Raven",
		ReadAddress: readNumber,
		Fields:      []channels.Field{{Name: "number", Label: "Number"}, {Name: "token", Label: "Token", Secret: true}},
	}
}

func specs() []channels.Spec { return []channels.Spec{loft(), raven()} }

// env looks variables up in a list of NAME=value.
func env(list ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, pair := range list {
			if n, v, _ := strings.Cut(pair, "="); n == name {
				return v, true
			}
		}
		return "", false
	}
}

func sealer(t testing.TB) *store.Sealer {
	t.Helper()
	return must(store.NewSealer("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="))(t)
}

func parse(t testing.TB, raw string, variables ...string) *File {
	t.Helper()
	f, err := Parse([]byte(raw), env(variables...))
	if err != nil {
		t.Fatalf("parse:\n%v", err)
	}
	return f
}

func options(t testing.TB) Options { return Options{Sealer: sealer(t), Specs: specs()} }

// apply applies a file and gives the changes; plan must have said the same.
func apply(t testing.TB, pool *pgxpool.Pool, raw string, o Options, variables ...string) Result {
	t.Helper()
	f := parse(t, raw, variables...)
	planned, err := Plan(t.Context(), pool, f, o)
	if err != nil {
		t.Fatalf("plan:\n%v", err)
	}
	got, err := Apply(t.Context(), pool, f, o)
	if err != nil {
		t.Fatalf("apply:\n%v", err)
	}
	if !slices.Equal(got.Changes, planned.Changes) {
		t.Errorf("apply did\n%sbut plan said\n%s", got.Text(), planned.Text())
	}
	return got
}

// refused returns the faults that keep a file from being applied.
func refused(t testing.TB, pool *pgxpool.Pool, raw string, o Options, variables ...string) string {
	t.Helper()
	before := version(t, pool)
	_, err := Apply(t.Context(), pool, parse(t, raw, variables...), o)
	var faults Faults
	if !errors.As(err, &faults) {
		t.Fatalf("apply: %v, want faults", err)
	}
	if after := version(t, pool); after != before {
		t.Errorf("a refused file raised the version from %d to %d", before, after)
	}
	return err.Error() + "\n"
}

func version(t testing.TB, pool *pgxpool.Pool) int64 {
	t.Helper()
	v, _, err := store.SettingsVersion(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func directory(t testing.TB, pool *pgxpool.Pool) store.Directory {
	t.Helper()
	return must(store.LoadDirectory(t.Context(), pool))(t)
}

func accountNamed(t testing.TB, pool *pgxpool.Pool, name string) store.Account {
	t.Helper()
	for _, a := range directory(t, pool).Accounts {
		if a.Name == name {
			return a
		}
	}
	t.Fatalf("no account %s", name)
	return store.Account{}
}

// workspace is a Lookup with fixed answers.
type workspace struct {
	channels map[string]string
	users    map[string]string
	err      error
}

func (w workspace) Resolve(_ context.Context, kind, channel string) (string, error) {
	return w.channels[kind+" "+channel], w.err
}

func (w workspace) Find(_ context.Context, kind, email string) (store.SurfaceUser, error) {
	return store.SurfaceUser(w.users[kind+" "+email]), w.err
}

var errOffline = errors.New("slack: offline")

var check = storetest.Check

func must[T any](v T, err error) func(testing.TB) T { return storetest.Must(v, err) }
