package demo

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"github.com/jackc/pgx/v5"

	"parley/cmd/parley/app"
	"parley/cmd/parley/operate"
	"parley/store/storetest"
)

// backUp writes the story's only backup.
func (s *stage) backUp() error {
	key, err := app.KnownKey(s.env)
	if err != nil {
		return err
	}
	_, err = operate.CreateFile(s.ctx, s.backupFile(), operate.Source{URL: s.env.DatabaseURL, Key: key, Passphrase: "correct horse"})
	return err
}

func (s *stage) backupFile() string { return filepath.Join(s.env.Data, "world.parley") }

// restore stops Parley, drops its database, and starts it again with the content of the backup.
func (s *stage) restore() error {
	s.halt()
	if s.db != s.lent.db {
		s.db.Close()
	}
	s.env.DatabaseURL = storetest.URL(s.t)
	if err := dropTables(s.ctx, s.env.DatabaseURL); err != nil {
		return err
	}

	var err error
	if s.db, err = app.OpenDatabase(s.ctx, s.env, s.log, func(string) {}); err != nil {
		return err
	}

	archive, err := operate.Open(s.backupFile())
	if err != nil {
		return err
	}
	key, err := app.KnownKey(s.env)
	if err == nil {
		_, err = operate.Restore(s.ctx, archive, operate.Target{Pool: s.db.Pool, URL: s.env.DatabaseURL, Key: key})
	}
	if err := errors.Join(err, archive.Close()); err != nil {
		return err
	}

	if err := s.db.Migrate(s.ctx, s.env); err != nil {
		return err
	}
	return s.start()
}

// dropTables removes everything from a database.
func dropTables(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return fmt.Errorf("drop tables: %w", err)
	}
	_, err = conn.Exec(ctx, `DROP SCHEMA public CASCADE; CREATE SCHEMA public`)
	return errors.Join(err, conn.Close(ctx))
}
