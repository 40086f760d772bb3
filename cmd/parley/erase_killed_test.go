package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"parley/bot/slack/slackfake"
	"parley/cmd/parley/lab"
	"parley/store/erase"
	"parley/store/pgserver"
	"parley/store/storetest"
)

// shopkeeper is a customer with conversations, notes, a log, analyses and threads in Slack.
const shopkeeper = `
	INSERT INTO accounts (id, name, kind, side, paused) VALUES (10, 'help', 'email', 'channel', true), (12, 'slack', 'slack', 'surface', false);
	INSERT INTO contacts (id, name) VALUES (1, 'Zebra'), (3, 'Otter');
	INSERT INTO identities (id, account_id, key, name, contact_id) VALUES (1, 10, 'zebra@shop.example', 'Zebra', 1), (3, 10, 'otter@shop.example', 'Otter', 3);
	INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
		SELECT n, 10, CASE WHEN n <= 600 THEN 1 ELSE 3 END, 'open', CASE WHEN n <= 600 THEN 'My zebra ' ELSE 'My otter ' END || n, now(), now() FROM generate_series(1, 610) AS n;
	INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
		SELECT n, 10, 'mail:' || n, '10/mail', convert_to(CASE WHEN n <= 600 THEN 'From: zebra@shop.example' ELSE 'From: otter@shop.example' END, 'UTF8'), 1 FROM generate_series(1, 610) AS n;
	SELECT setval('events_id_seq', 1000);
	INSERT INTO messages (id, conversation_id, direction, fate, identity_id, text, event_id, said_at, created_at)
		SELECT n, n, 'in', 'in', CASE WHEN n <= 600 THEN 1 ELSE 3 END, CASE WHEN n <= 600 THEN 'A zebra writes' ELSE 'An otter writes' END, n, now(), now() FROM generate_series(1, 610) AS n;
	INSERT INTO log_entries (id, conversation_id, at, actor, what, detail) SELECT n, n, now(), 'agent', 'renamed', '{"text": "Zebra"}' FROM generate_series(1, 600) AS n;
	INSERT INTO suggested_replies (conversation_id, event_id, replies) SELECT n, 1, '["Dear Zebra"]' FROM generate_series(1, 600) AS n;
	INSERT INTO solved_due (conversation_id) SELECT n FROM generate_series(1, 610) AS n;`

// inSlack posts a thread about the customer, as Parley would have, with a colleague's words in it.
func inSlack(t *testing.T, fake *slackfake.Server, pool *pgxpool.Pool, conversation int) (root string) {
	t.Helper()
	for i, kind := range []string{"root", "said", "line"} {
		var ts string
		until(t, "Slack takes a post", func() bool {
			ts = say(t, fake, root, fmt.Sprintf("A zebra, %s of #%d", kind, conversation))
			return ts != ""
		})
		if i == 0 {
			root = ts
		}
		if _, err := pool.Exec(t.Context(), `INSERT INTO posts (account_id, channel, message, conversation_id, kind) VALUES (12, $1, $2, $3, $4)`, lab.Support, ts, conversation, kind); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pool.Exec(t.Context(), `INSERT INTO threads (conversation_id, account_id, channel, root, card) VALUES ($1, 12, $2, $3, 'zebra')`, conversation, lab.Support, root); err != nil {
		t.Fatal(err)
	}
	return root
}

// say posts as the app, and gives the message's id; "" means Slack says no.
func say(t *testing.T, fake *slackfake.Server, thread, text string) (ts string) {
	t.Helper()
	form := url.Values{"channel": {lab.Support}, "text": {text}, "thread_ts": {thread}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, fake.APIURL()+"chat.postMessage", strings.NewReader(form.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+fake.BotToken())
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var said struct {
		TS string `json:"ts"`
	}
	if err := json.NewDecoder(resp.Body).Decode(&said); err != nil {
		t.Fatal(err)
	}
	return said.TS
}

// killedAt runs parley erase, and kills it for good as soon as it says that it erases a place.
func killedAt(t *testing.T, data string, env []string, place string, args ...string) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, append([]string{"erase"}, args...)...)
	cmd.Env = append(append(os.Environ(), asParley+"=yes", "PARLEY_DATA="+data, "GORACE=atexit_sleep_ms=0"), env...)
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	lines, all := bufio.NewScanner(said), ""
	for lines.Scan() {
		all += lines.Text() + "\n"
		if lines.Text() == "Erasing: "+place {
			if err := cmd.Process.Signal(syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			_, _ = io.Copy(io.Discard, said)
			_ = cmd.Wait()
			return
		}
	}
	t.Fatalf("parley erase never came to %s: %v\n%s", place, cmd.Wait(), all)
}

// An erasure is killed at one place after the other, then two Parleys go on with it by themselves, of which one is
// killed while it takes posts out of Slack. In the end nothing of the customer is left, in any column or post, and
// the certificate counts everything once.
//
func TestEraseKilled(t *testing.T) {
	base := openFolder(t)
	address := storetest.URL(t)
	pool, err := pgxpool.New(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	if _, err := pool.Exec(t.Context(), shopkeeper); err != nil {
		t.Fatal(err)
	}
	fake := slackfake.New(slackfake.Options{})
	if err := fake.Start("127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = fake.Close() })
	for _, u := range lab.SlackPeople() {
		fake.Admin.AddUser(u)
	}
	fake.Admin.AddChannel(slackfake.Channel{ID: lab.Support, Name: "support", Members: []string{lab.SlackPeople()[0].ID, fake.BotUserID()}})
	roots := []string{inSlack(t, fake, pool, 1), inSlack(t, fake, pool, 2)}
	env := []string{"DATABASE_URL=" + address, "PARLEY_LISTEN=127.0.0.1:0"}
	env = append(env, lab.SlackEnv(fake, fake.APIURL(), false)...)
	data := filepath.Join(base, "data")
	killedAt(t, data, env, "closed", "zebra@shop.example", "--by", "privacy@acme.test")
	for _, place := range []string{"events", "suggested_replies", "messages", "conversations"} {
		killedAt(t, data, env, place)
	}
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	first, _ := program(t, data, "serve")
	second, _ := program(t, data, "serve")
	gone := func(root string) (n int) {
		for _, m := range fake.Thread(lab.Support, root) {
			if !strings.Contains(m.Text, "zebra") {
				n++
			}
		}
		return n + 3 - len(fake.Thread(lab.Support, root))
	}
	until(t, "the first post has gone", func() bool { return gone(roots[0])+gone(roots[1]) > 0 })
	_ = first.Process.Kill()
	_ = first.Wait()
	const unreadable = `INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, sealed) VALUES (gen_random_uuid(), '{}', '{}', 'nobody', now() - interval '1 day', '')`
	if _, err := pool.Exec(t.Context(), unreadable); err != nil { // it fails for ever, and keeps no other from ending and being listed
		t.Fatal(err)
	}
	until(t, "the erasure has ended", func() bool {
		var open int
		return pool.QueryRow(t.Context(), `SELECT count(*) FROM erasures WHERE done_at IS NULL AND asked_by <> 'nobody'`).Scan(&open) == nil && open == 0
	})
	var id string
	if err := pool.QueryRow(t.Context(), `SELECT id::text FROM erasures WHERE done_at IS NOT NULL`).Scan(&id); err != nil {
		t.Fatal(err)
	}
	c, err := erase.CertificateOf(t.Context(), pool, id)
	counted := map[string]int64{}
	for _, p := range c.Places {
		counted[p.Place] = p.Rows
	}
	// Of the journal goes what arrived, and what Slack told meanwhile of the posts that went.
	if err != nil || !c.Whole() || c.By != "privacy@acme.test" || c.Closed != 600 || counted["messages"] != 600 || counted["events"] < 600 || counted["chats"] != 6 {
		t.Errorf("%v: the certificate says %+v", err, c)
	}
	for _, root := range roots {
		if thread := fake.Thread(lab.Support, root); len(thread) != 1 || !strings.HasPrefix(thread[0].Text, "Erased") {
			t.Errorf("in Slack stands %+v", thread)
		}
	}
	until(t, "the list of erasures has it", func() bool {
		list, err := os.ReadFile(filepath.Join(data, "backups", "erasures.jsonl"))
		return err == nil && strings.Contains(string(list), id)
	})
	_ = second.Process.Signal(syscall.SIGTERM)
	_ = second.Wait()
	var major int
	if err := pool.QueryRow(t.Context(), `SELECT current_setting('server_version_num')::int / 10000`).Scan(&major); err != nil {
		t.Fatal(err)
	}
	tools, err := pgserver.FindTools(t.Context(), major, "")
	if err != nil {
		t.Fatal(err)
	}
	dump, err := exec.CommandContext(t.Context(), filepath.Join(tools.Dir, "pg_dump"), "--data-only", "--inserts", address).Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.ToLower(string(dump))
	if words := strings.Count(text, "zebra") + strings.Count(text, fmt.Sprintf("%x", "zebra")); words > 0 || !strings.Contains(text, "otter writes") {
		t.Errorf("the dump of the database has %d traces of the customer", words)
	}
}
