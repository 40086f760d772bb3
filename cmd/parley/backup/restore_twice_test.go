package backup_test

import (
	"errors"
	"net/url"
	"strings"
	"testing"

	"parley/cmd/parley/backup"
	"parley/store"
	"parley/store/schema"
	"parley/store/storetest"
)

// The tables of a backup may stand in a schema that the target's connections don't look into. The restore says so, and says so
// again when it is run once more as --help invites: it does not begin an empty Parley beside them.
func TestOtherNamespaceTwice(t *testing.T) {
	t.Parallel()
	address := storetest.URL(t)
	old := open(t, address)
	exec(t, old, `ALTER SCHEMA public RENAME TO helpdesk`)
	u := must(url.Parse(address))(t)
	q := u.Query()
	q.Set("options", "-csearch_path=helpdesk")
	u.RawQuery = q.Encode()
	file := t.TempDir() + "/acme.parley"
	must(backup.CreateFile(t.Context(), file, backup.Source{URL: u.String(), WithoutKey: true}))(t)
	tg := newTarget(t)
	for _, run := range []string{"the first", "the second"} {
		if _, err := tg.restore(t, file); err == nil || !strings.Contains(err.Error(), "search_path") {
			t.Errorf("%s run: got %v, want an error that names search_path", run, err)
		}
		if err := schema.Migrate(t.Context(), tg.Pool); !errors.Is(err, store.ErrRestoring) {
			t.Errorf("Migrate after %s run: got %v, want %v", run, err, store.ErrRestoring)
		}
	}
}

// Rows that are missing after the dump was loaded are missing in the second run, too.
func TestRowsMissingTwice(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	file := t.TempDir() + "/bare.parley"
	must(backup.CreateFile(t.Context(), file, backup.Source{URL: c.url, WithoutKey: true}))(t)
	file = withManifest(t, file, eventsInManifest(events), eventsInManifest(events+1))
	tg := newTarget(t)
	tg.Key = c.key
	for _, run := range []string{"the first", "the second"} {
		if _, err := tg.restore(t, file); !errors.Is(err, backup.ErrDamaged) {
			t.Errorf("%s run: got %v, want %v", run, err, backup.ErrDamaged)
		}
	}
}
