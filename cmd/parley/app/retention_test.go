package app_test

import (
	"testing"
	"time"

	"parley/bridge/engine"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/cmd/parley/demo"
	"parley/store"
	"parley/store/blob"
	"parley/store/objects/s3fake"
)

// A month later a mail is still shown from its original, while facts that only announced things are gone. Of two processes
// only one does the work. The original moves to the object store, and is removed there once no row names it.
func TestRetention(t *testing.T) {
	t.Parallel()
	fake, endpoint, stop := s3fake.Start()
	defer stop()
	r := runInSlack(t, nil, func(env *app.Env) {
		env.Objects = app.ObjectsEnv{Endpoint: endpoint, Bucket: fake.Bucket, Region: fake.Region, KeyID: fake.KeyID, SecretKey: fake.SecretKey}
	})
	ctx := t.Context()
	must(r.world.Mail.Customer("Maria <maria@lopez.test>").Send(mailfake.Mail{To: []string{demo.HelpAddress}, Subject: "Mugs",
		Text: "Two are chipped.", Attachments: []mailfake.Attachment{{Name: "mug.txt", Type: "text/plain", Content: []byte("a mug")}}}))(t)
	count := func(sql string, args ...any) (n int) {
		t.Helper()
		check(t, r.db.Pool.QueryRow(ctx, sql, args...).Scan(&n))
		return n
	}
	until(t, "the mail is a message and nothing waits", func() bool {
		return count(`SELECT count(*) FROM messages WHERE direction = 'in'`) == 1 && count(`SELECT count(*) FROM queued`) == 0
	})

	surface := count(`SELECT id FROM accounts WHERE kind = 'slack'`)
	must(store.InsertEvents(ctx, r.db.Pool, []store.NewEvent{
		{AccountID: store.AccountID(surface), ExternalID: "note", OrderKey: "1/x", Payload: []byte("{}"), Quarantine: "odd"},
		{AccountID: store.SystemAccount, ExternalID: "timer:0:snooze:1", OrderKey: "1/c0", Payload: []byte(`{"kind":"snooze"}`)},
	}))(t)
	until(t, "the timer's fact is applied", func() bool { return count(`SELECT count(*) FROM queued`) == 0 })

	must(blob.Put(ctx, r.db.Pool, []byte("nobody's")))(t)
	must(r.db.Pool.Exec(ctx, `UPDATE blobs SET created_at = created_at - interval '2 days'`))(t)
	check(t, store.MoveClock(ctx, r.db.Pool, 31*24*time.Hour))

	// While another process has the lease, this one removes nothing.
	if got, err := store.TakeLease(ctx, r.db.Pool, "retention", "another process", 60); err != nil || !got {
		t.Fatalf("take the lease as another process: %t, %v", got, err)
	}
	r.app.Retain(ctx)
	if n := count(`SELECT count(*) FROM events WHERE payload IS NULL`); n != 0 {
		t.Fatalf("%d events were emptied beside another process, want none", n)
	}

	// Then what is old is removed: all payloads but the quarantined one, and all files but the mail.
	check(t, store.DropLease(ctx, r.db.Pool, "retention", "another process"))
	r.app.Retain(ctx)
	if n := count(`SELECT count(*) FROM events WHERE payload IS NOT NULL`); n != 1 {
		t.Errorf("%d events have a payload, want the quarantined one alone", n)
	}
	if n := count(`SELECT count(*) FROM blobs`); n != 1 {
		t.Errorf("%d files are left, want the mail alone", n)
	}

	message := count(`SELECT id FROM messages WHERE direction = 'in'`)
	checkFiles := func() {
		t.Helper()
		mails, err := store.Messages(ctx, r.db.Pool, store.MessageID(message))
		if err != nil || len(mails) != 1 {
			t.Fatalf("the mail: got %v, %v", mails, err)
		}
		found, _, err := r.app.Engine().Files().Read(ctx, &mails[0], engine.SelectAll())
		if err != nil || len(found) != 1 || found[0].Name != "mug.txt" {
			t.Errorf("files of the mail: got %v, %v; want mug.txt", found, err)
		}
	}
	checkFiles()

	// The mail moves to the object store, at the next run if that is busy.
	must(r.db.Pool.Exec(ctx, `UPDATE blobs SET created_at = created_at - interval '2 days'`))(t)
	fake.Fail(s3fake.Fault{Method: s3fake.Put, Status: 503})
	r.app.Retain(ctx)
	if n := count(`SELECT count(*) FROM blob_chunks`); n != 1 {
		t.Errorf("%d chunks are in the database while the object store is busy, want 1", n)
	}
	r.app.Retain(ctx)
	if n := count(`SELECT count(*) FROM blob_chunks`); n != 0 || len(fake.Objects()) != 1 {
		t.Errorf("%d chunks are in the database, and the object store has %s; want one object alone", n, fake.Objects())
	}
	checkFiles()

	// When nothing names the mail any more, it is removed from both.
	must(r.db.Pool.Exec(ctx, `UPDATE events SET blob = NULL`))(t)
	r.app.Retain(ctx)
	if n := count(`SELECT count(*) FROM blobs`); n != 0 || len(fake.Objects()) != 0 {
		t.Errorf("%d files are left, and the object store has %s; want neither", n, fake.Objects())
	}

	s := r.scrape(t)
	for name, want := range map[string]float64{
		"parley_retention_moved_total":         1, // the mail, which became a file
		"parley_retention_blobs_removed_total": 2, // nobody's file, and at last the mail
		"parley_retention_blobs_moved_total":   1, // the mail's file
	} {
		if got, ok := s.value(name, ""); !ok || got != want {
			t.Errorf("%s is %g (found: %t), want %g", name, got, ok, want)
		}
	}
}

// Records are kept for as long as an admin chose. A change counts from the next run on.
func TestRetentionAsChosen(t *testing.T) {
	t.Parallel()
	ctx, env := t.Context(), environment(t)
	db := openDatabase(t, env)
	a := start(t, env, db, app.Options{})
	account := must(store.SaveAccount(ctx, db.Pool, store.Account{
		Name:      "m",
		Kind:      "none",
		Side:      store.SideChannel,
		Mode:      store.ModeLive,
		ReplyMode: store.ReplyDirect,
	}))(t)
	must(db.Pool.Exec(ctx, `INSERT INTO events (account_id, external_id, order_key, payload, size_bytes, received_at)
		SELECT $1, 'of ' || days, 'x', 'said', 4, clock_timestamp() - make_interval(days => days)
		FROM unnest(ARRAY[40, 10, 1]) AS d (days)`, account))(t)

	for _, c := range []struct {
		days store.RetentionDays
		want int // of events that are 40, 10 and 1 days old
	}{
		{days: store.RetentionDays{Arrived: 60}, want: 3},
		{days: store.RetentionDays{}, want: 2}, // the default is a month
		{days: store.RetentionDays{Arrived: 7}, want: 1},
	} {
		check(t, store.SaveRetentionDays(ctx, db.Pool, c.days))
		a.Retain(ctx)
		var left int
		check(t, db.Pool.QueryRow(ctx, `SELECT count(*) FROM events WHERE external_id LIKE 'of %' AND payload IS NOT NULL`).Scan(&left))
		if left != c.want {
			t.Errorf("%+v: %d events have their payload, want %d", c.days, left, c.want)
		}
	}
}
