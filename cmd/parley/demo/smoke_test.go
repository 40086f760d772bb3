package demo

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"parley/bot/slack/slackfake"
	"parley/channels/email/mailfake"
	"parley/cmd/parley/app"
	"parley/store"
	"parley/store/storetest"
)

func TestSmoke(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w, err := NewWorld(ctx, WorldOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	env := app.Env{DatabaseURL: storetest.URL(t), Data: t.TempDir(), Listen: "127.0.0.1:0", SlackBotToken: w.Slack.BotToken(),
		SlackAppToken: w.Slack.AppToken(), SlackAPIURL: w.Slack.APIURL(), SlackRate: 0}
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := app.OpenDatabase(ctx, env, log, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(ctx, env); err != nil {
		t.Fatal(err)
	}
	sid, err := store.EnsureSurface(ctx, db.Pool, "slack")
	if err != nil {
		t.Fatal(err)
	}
	ann, _ := store.SaveAgent(ctx, db.Pool, store.Agent{Email: "ann@acme.test", Name: "Ann Lee", Roles: []string{"admin"}})
	ben, _ := store.SaveAgent(ctx, db.Pool, store.Agent{Email: "ben@acme.test", Name: "Ben Katz"})
	_ = store.SaveAgentUser(ctx, db.Pool, store.AgentUser{AccountID: sid, UserID: Ann, AgentID: ann})
	_ = store.SaveAgentUser(ctx, db.Pool, store.AgentUser{AccountID: sid, UserID: Ben, AgentID: ben})
	team, _ := store.SaveTeam(ctx, db.Pool, store.Team{Name: "Support", Members: []int64{ann, ben}})
	_ = store.SaveTeamChannel(ctx, db.Pool, store.TeamChannel{TeamID: team, AccountID: sid, Channel: Support, Home: true})
	ih, ip, _ := net.SplitHostPort(w.Mail.IMAPAddr())
	sh, sp, _ := net.SplitHostPort(w.Mail.SMTPAddr())
	config, _ := json.Marshal(map[string]string{"address": HelpAddress, "sender_name": "Acme Support", "imap.host": ih, "imap.port": ip,
		"imap.security": "none", "imap.username": HelpAddress, "smtp.host": sh, "smtp.port": sp, "smtp.security": "none", "smtp.username": HelpAddress})
	secrets, _ := json.Marshal(map[string]string{"imap.password": HelpPassword, "smtp.password": HelpPassword})
	hold := 0.2
	_, err = store.SaveAccount(ctx, db.Pool, store.Account{Name: "support-mail", Kind: "email", Side: "channel", TeamID: &team, Mode: "live",
		ReplyMode: "direct", HoldSeconds: &hold, Rate: 1, Config: config, Secrets: db.Sealer.Seal("accounts/support-mail", secrets)})
	if err != nil {
		t.Fatal(err)
	}
	a, err := app.New(ctx, env, db, log, app.Options{})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- a.Run(ctx) }()
	defer func() { cancel(); <-done }()
	wait, stop := context.WithTimeout(ctx, 20*time.Second)
	defer stop()
	for {
		mark, err := store.LoadWatermark(ctx, db.Pool, 11)
		if err == nil && mark != nil {
			break
		}
		if wait.Err() != nil {
			t.Fatal("no mailbox")
		}
	}
	cust := w.Mail.Customer("Maria <maria@customer.test>")
	if _, err := cust.Send(mailfake.Mail{To: []string{HelpAddress}, Subject: "Printer on fire", Text: "Please help!\n\nMaria"}); err != nil {
		t.Fatal(err)
	}
	root := ""
	if err := w.Slack.WaitFor(wait, func() bool {
		for _, m := range w.Slack.Messages(Support) {
			if m.ReplyCount > 0 {
				root = m.TS
				return true
			}
		}
		return false
	}); err != nil {
		dump(w)
		for _, q := range []string{"select json_agg(x) from (select id,account_id,external_id,order_key,size_bytes from events) x", "select json_agg(p) from pending p", "select json_agg(p) from quarantine p", "select json_agg(p) from lanes p", "select json_agg(p) from deliveries p", "select json_agg(p) from (select name,status,status_text,watermark from accounts) p", "select json_agg(p) from gates p", "select json_agg(p) from leases p"} {
			var s *string
			err := db.Pool.QueryRow(context.Background(), q).Scan(&s)
			if s == nil {
				e := ""
				s = &e
			}
			fmt.Println(q, *s, err)
		}
		t.Fatal(err)
	}
	if _, err := w.Slack.As(Ann).Post(slackfake.Post{Channel: Support, Thread: root, Text: "On our *way*"}); err != nil {
		t.Fatal(err)
	}
	got, err := w.Mail.WaitFor(wait, cust.Address(), func(in []mailfake.Received) bool { return len(in) == 1 })
	if err != nil {
		dump(w)
		t.Fatal(err)
	}
	fmt.Println(got[0].Text)
	if _, err := cust.Reply(got[0], "Thanks a lot!"); err != nil {
		t.Fatal(err)
	}
	if err := w.Slack.WaitFor(wait, func() bool {
		for _, m := range w.Slack.Thread(Support, root) {
			if strings.Contains(m.Text, "Thanks a lot!") {
				return true
			}
		}
		return false
	}); err != nil {
		dump(w)
		t.Fatal(err)
	}
	dump(w)
}

func dump(w *World) {
	for _, m := range w.Slack.Messages(Support) {
		for _, r := range w.Slack.Thread(Support, m.TS) {
			fmt.Printf("%s %s/%s: %s %v\n", r.TS, r.User, r.Username, r.Text, r.Reactions)
		}
	}
}
