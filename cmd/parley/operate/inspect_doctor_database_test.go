package operate_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/channels/golden"
	"parley/cmd/parley/operate"
	"parley/store"
	"parley/store/storetest"
)

// The doctor examines a database without a set-up, and never binds it to a key.
func TestDoctorOfTheDatabase(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		sql        string // makes the fault; "" if the key is the fault
		key        string // in the environment; "" if none is set
		isBound    bool   // the database belongs to masterKey
		isReadOnly bool   // the database takes no changes
		wantBroken bool
		wantReport string // golden file
	}{
		{name: "not bound to a key yet", key: masterKey, wantReport: "testdata/doctor_database_unbound.txt"},
		{name: "no key", wantBroken: true, wantReport: "testdata/doctor_database_no_key.txt"},
		{
			name:       "bound to another key",
			key:        store.NewMasterKey(),
			isBound:    true,
			wantBroken: true,
			wantReport: "testdata/doctor_database_another_key.txt",
		},
		{
			name:       "a moved clock",
			sql:        `UPDATE clock SET ahead = '25 hours'`,
			key:        masterKey,
			wantBroken: true,
			wantReport: "testdata/doctor_database_moved_clock.txt",
		},
		{
			name:       "few connections",
			sql:        `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I CONNECTION LIMIT 40', current_database()); END $$`,
			key:        masterKey,
			wantReport: "testdata/doctor_database_few_connections.txt",
		},
		{
			name:       "no changes",
			key:        masterKey,
			isReadOnly: true,
			wantBroken: true,
			wantReport: "testdata/doctor_database_read_only.txt",
		},
		{
			name:       "not migrated",
			sql:        `UPDATE goose_db_version SET version_id = 101 WHERE version_id >= 102`,
			key:        masterKey,
			wantBroken: true,
			wantReport: "testdata/doctor_database_not_migrated.txt",
		},
		{
			name:       "never used",
			sql:        `DROP TABLE goose_db_version`,
			key:        masterKey,
			wantBroken: true,
			wantReport: "testdata/doctor_database_never_used.txt",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			o := operate.Options{Pool: storetest.DB(t)}
			if tt.isReadOnly {
				o.Pool = readOnly(t, o.Pool)
			}
			if tt.key != "" {
				o.Sealer = sealer(t, tt.key)
			}
			if tt.isBound {
				bindKey(t, o.Pool)
			}
			if tt.sql != "" {
				must(o.Pool.Exec(t.Context(), tt.sql))(t)
			}

			report := operate.Doctor(t.Context(), o)

			if report.IsBroken() != tt.wantBroken {
				t.Errorf("broken: %t, want %t", report.IsBroken(), tt.wantBroken)
			}
			golden.Text(t, tt.wantReport, report.Text())
			isBound := must(store.HasMasterKey(t.Context(), o.Pool))(t)
			if isBound != tt.isBound {
				t.Errorf("after the doctor the database is bound to a key: %t, want %t as before", isBound, tt.isBound)
			}
		})
	}
}

// readOnly opens a pool on the same database whose sessions can't change anything, as on a standby.
func readOnly(t *testing.T, pool *pgxpool.Pool) *pgxpool.Pool {
	t.Helper()
	config := pool.Config()
	config.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	must(t, err)
	t.Cleanup(other.Close)
	return other
}
