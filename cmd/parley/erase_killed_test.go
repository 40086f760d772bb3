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
	"parley/channels/emulator"
	"parley/cmd/parley/lab"
	"parley/store/erase"
	"parley/store/pgserver"
	"parley/store/storetest"
)

// manyConversations makes a customer (Zebra) with 600 conversations, each with a mail, an entry of the log and suggested replies,
// and another customer (Otter) with 10 conversations.
const manyConversations = `
	INSERT INTO accounts (id, name, kind, side, paused) VALUES (10, 'help', 'email', 'channel', true),
		(12, 'slack', 'slack', 'surface', false);
	INSERT INTO contacts (id, name) VALUES (1, 'Zebra'), (3, 'Otter');
	INSERT INTO identities (id, account_id, key, name, contact_id)
		VALUES (1, 10, 'zebra@shop.example', 'Zebra', 1), (3, 10, 'otter@shop.example', 'Otter', 3);
	INSERT INTO conversations (id, account_id, identity_id, status, subject, last_at, created_at)
		SELECT n, 10, CASE WHEN n <= 600 THEN 1 ELSE 3 END, 'open', CASE WHEN n <= 600 THEN 'My zebra ' ELSE 'My otter ' END || n, now(), now()
		FROM generate_series(1, 610) AS n;
	INSERT INTO events (id, account_id, external_id, order_key, payload, size_bytes) OVERRIDING SYSTEM VALUE
		SELECT n, 10, 'mail:' || n, '10/mail',
			convert_to(CASE WHEN n <= 600 THEN 'From: zebra@shop.example' ELSE 'From: otter@shop.example' END, 'UTF8'), 1
		FROM generate_series(1, 610) AS n;
	SELECT setval('events_id_seq', 1000);
	INSERT INTO messages (id, conversation_id, direction, fate, identity_id, text, event_id, said_at, created_at)
		SELECT n, n, 'in', 'in', CASE WHEN n <= 600 THEN 1 ELSE 3 END,
			CASE WHEN n <= 600 THEN 'A zebra writes' ELSE 'An otter writes' END, n, now(), now()
		FROM generate_series(1, 610) AS n;
	INSERT INTO log_entries (id, conversation_id, at, actor, what, detail)
		SELECT n, n, now(), 'agent', 'renamed', '{"text": "Zebra"}' FROM generate_series(1, 600) AS n;
	INSERT INTO suggested_replies (conversation_id, event_id, replies) SELECT n, 1, '["Dear Zebra"]' FROM generate_series(1, 600) AS n;`

// postsPerThread is how many posts postThread makes.
const postsPerThread = 3

// killTest is a database with many conversations of one customer, of which two have threads in an emulated Slack.
type killTest struct {
	t     *testing.T
	slack *slackfake.Server
	url   string // of the database
	pool  *pgxpool.Pool
	data  string   // PARLEY_DATA
	env   []string // what connects Parley to the database and to Slack
	roots []string // the first messages of the threads
}

func newKillTest(t *testing.T) *killTest {
	t.Helper()
	k := &killTest{t: t, url: storetest.URL(t), data: filepath.Join(folderForServer(t), "data")}
	k.pool = openPool(t, k.url)
	storetest.Exec(t, k.pool, manyConversations)

	k.slack = slackfake.New(slackfake.Options{})
	check(t, k.slack.Start("127.0.0.1:0"))
	t.Cleanup(func() { _ = k.slack.Close() })
	people := lab.SlackPeople()
	for _, u := range people {
		k.slack.Admin.AddUser(u)
	}
	k.slack.Admin.AddChannel(slackfake.Channel{ID: lab.Support, Name: "support", Members: []string{people[0].ID, k.slack.BotUserID()}})
	k.roots = []string{k.postThread(1), k.postThread(2)}

	k.env = append([]string{"DATABASE_URL=" + k.url, "PARLEY_LISTEN=127.0.0.1:0"}, lab.SlackEnv(k.slack, k.slack.APIURL(), false)...)
	return k
}

// postThread posts a conversation's thread in Slack as Parley would have done, and records it.
func (k *killTest) postThread(conversation int) (root string) {
	k.t.Helper()
	for _, kind := range []string{"root", "said", "line"} {
		var id string
		waitFor(k.t, "Slack takes a post", func() bool {
			id = k.postAsApp(root, fmt.Sprintf("A zebra, %s of #%d", kind, conversation))
			return id != ""
		})
		if root == "" {
			root = id
		}
		storetest.Exec(k.t, k.pool, `INSERT INTO posts (account_id, channel, message, conversation_id, kind) VALUES (12, $1, $2, $3, $4)`,
			lab.Support, id, conversation, kind)
	}
	storetest.Exec(k.t, k.pool, `INSERT INTO threads (conversation_id, account_id, channel, root, card) VALUES ($1, 12, $2, $3, 'zebra')`,
		conversation, lab.Support, root)
	return root
}

// postAsApp posts a text as the app, and returns the message's id; "" means that Slack refuses.
func (k *killTest) postAsApp(thread, text string) (id string) {
	k.t.Helper()
	form := url.Values{"channel": {lab.Support}, "text": {text}, "thread_ts": {thread}}
	req := must(http.NewRequestWithContext(k.t.Context(), http.MethodPost, k.slack.APIURL()+"chat.postMessage",
		strings.NewReader(form.Encode())))(k.t)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Authorization", "Bearer "+k.slack.BotToken())
	resp := must(emulator.NewClient().Do(req))(k.t)
	defer func() { _ = resp.Body.Close() }()
	var answer struct {
		TS string `json:"ts"`
	}
	check(k.t, json.NewDecoder(resp.Body).Decode(&answer))
	return answer.TS
}

// eraseUntil runs parley erase, and kills it when it has erased a batch of a place, such as a table, and is in the next batch.
func (k *killTest) eraseUntil(place string, args ...string) {
	k.t.Helper()
	goOn := k.holdErasureAfter(place)
	cmd := exec.CommandContext(patient(k.t), executable(k.t), append([]string{"erase"}, args...)...)
	cmd.Env = parleyEnv(k.data, k.env...)
	stderr := must(cmd.StderrPipe())(k.t)
	check(k.t, cmd.Start())

	var printed strings.Builder
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		printed.WriteString(lines.Text() + "\n")
		if lines.Text() != "Erasing: "+place {
			continue
		}
		check(k.t, cmd.Process.Kill())
		_, _ = io.Copy(io.Discard, stderr)
		_ = cmd.Wait() // it was killed
		goOn()
		return
	}
	k.t.Fatalf("parley erase ended (%v) before it came to %s:\n%s", cmd.Wait(), place, printed.String())
}

// holdErasureAfter keeps every batch that follows the first one of a place from being counted, and so from being committed, until
// continueErasures is called: however late a process is killed, it hasn't erased more.
func (k *killTest) holdErasureAfter(place string) (goOn func()) {
	k.t.Helper()
	held := storetest.Begin(k.t, k.pool)
	storetest.Exec(k.t, held, `SELECT pg_advisory_xact_lock(1)`)
	storetest.Exec(k.t, k.pool, `CREATE OR REPLACE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS $$
		BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END $$`)
	storetest.Exec(k.t, k.pool, fmt.Sprintf(`CREATE TRIGGER hold BEFORE UPDATE ON erasures
		FOR EACH ROW WHEN (OLD.counts ? '%s') EXECUTE FUNCTION hold()`, place))
	return func() {
		k.t.Helper()
		check(k.t, held.Rollback(k.t.Context()))
		storetest.Exec(k.t, k.pool, `DROP TRIGGER hold ON erasures`)
	}
}

// erasedPosts counts the posts of both threads that have gone, or have no text of the customer any more.
func (k *killTest) erasedPosts() int {
	erased := 0
	for _, root := range k.roots {
		thread := k.slack.Thread(lab.Support, root)
		erased += postsPerThread - len(thread)
		for _, m := range thread {
			if !strings.Contains(m.Text, "zebra") {
				erased++
			}
		}
	}
	return erased
}

// waitForErasure waits until the erasure that privacy@acme.test asked for has ended, and returns its id.
func (k *killTest) waitForErasure() (id string) {
	k.t.Helper()
	waitFor(k.t, "the erasure has ended", func() bool {
		err := k.pool.QueryRow(k.t.Context(), `SELECT id::text FROM erasures WHERE done_at IS NOT NULL`).Scan(&id)
		return err == nil
	})
	return id
}

// dump returns all data of the database as pg_dump writes it.
func (k *killTest) dump() string {
	k.t.Helper()
	var major int
	check(k.t, k.pool.QueryRow(k.t.Context(), `SELECT current_setting('server_version_num')::int / 10000`).Scan(&major))
	tools := must(pgserver.FindTools(k.t.Context(), major, ""))(k.t)
	dump := must(exec.CommandContext(k.t.Context(), filepath.Join(tools.Dir, "pg_dump"), "--data-only", "--inserts", k.url).Output())(k.t)
	return string(dump)
}

// An erasure is killed at one place after the other, then two Parleys go on with it by themselves, of which one is
// killed while it takes posts out of Slack. In the end nothing of the customer is left, in any column or post, and
// the certificate counts everything once.
// Requirement R-276: Erase and export a person.
func TestEraseKilled(t *testing.T) {
	k := newKillTest(t)
	k.eraseUntil("closed", "zebra@shop.example", "--by", "privacy@acme.test")
	for _, place := range []string{"events", "suggested_replies", "messages", "conversations"} {
		k.eraseUntil(place)
	}

	for _, v := range k.env {
		name, value, _ := strings.Cut(v, "=")
		t.Setenv(name, value)
	}
	first, _ := startParley(t, k.data, "serve")
	second, _ := startParley(t, k.data, "serve")
	waitFor(t, "the first post has gone", func() bool { return k.erasedPosts() > 0 })
	_ = first.Process.Kill()
	_ = first.Wait() // it was killed

	// An erasure that fails for ever keeps no other from ending, and from being listed.
	storetest.Exec(t, k.pool, `INSERT INTO erasures (id, contacts, hashes, asked_by, asked_at, sealed)
		VALUES (gen_random_uuid(), '{}', '{}', 'nobody', now() - interval '1 day', '')`)
	id := k.waitForErasure()

	t.Run("Certificate", func(t *testing.T) { checkCertificate(t, k, id) })
	t.Run("Slack", func(t *testing.T) { checkErasedThreads(t, k) })
	waitFor(t, "the list of erasures has it", func() bool {
		list, err := os.ReadFile(filepath.Join(k.data, "backups", "erasures.jsonl"))
		return err == nil && strings.Contains(string(list), id)
	})
	_ = second.Process.Signal(syscall.SIGTERM)
	_ = second.Wait()
	t.Run("Dump", func(t *testing.T) { checkDump(t, k) })
}

// checkCertificate checks that the certificate counts everything once, however often the erasure was killed.
func checkCertificate(t *testing.T, k *killTest, id string) {
	c := must(erase.CertificateOf(t.Context(), k.pool, id))(t)
	if !c.IsUnchanged() {
		t.Errorf("the certificate doesn't match its own checksum: %+v", c)
	}
	if c.By != "privacy@acme.test" {
		t.Errorf("asked by %q, want privacy@acme.test", c.By)
	}
	if c.Closed != 600 {
		t.Errorf("%d conversations were closed, want 600", c.Closed)
	}

	rows := map[string]int64{}
	for _, p := range c.Places {
		rows[p.Place] = p.Rows
	}
	if rows["messages"] != 600 {
		t.Errorf("%d messages, want 600", rows["messages"])
	}
	if rows["events"] < 600 { // more, if Slack told meanwhile of posts that went
		t.Errorf("%d events, want at least the 600 mails", rows["events"])
	}
	if want := int64(len(k.roots) * postsPerThread); rows["chats"] != want {
		t.Errorf("%d posts in chats, want %d", rows["chats"], want)
	}
}

// checkErasedThreads checks that each thread has one message left, which says that the rest was erased.
func checkErasedThreads(t *testing.T, k *killTest) {
	for _, root := range k.roots {
		thread := k.slack.Thread(lab.Support, root)
		if len(thread) != 1 {
			t.Fatalf("the thread has %d messages, want 1: %+v", len(thread), thread)
		}
		if !strings.HasPrefix(thread[0].Text, "Erased") {
			t.Errorf("the thread's message is %q, want it to begin with Erased", thread[0].Text)
		}
	}
}

// checkDump looks for the customer in the whole database, as text and as bytea.
func checkDump(t *testing.T, k *killTest) {
	dump := strings.ToLower(k.dump())
	for _, trace := range []string{"zebra", fmt.Sprintf("%x", "zebra")} {
		if n := strings.Count(dump, trace); n > 0 {
			t.Errorf("the database has %q %d times, want no trace of the customer", trace, n)
		}
	}
	if !strings.Contains(dump, "otter writes") {
		t.Error("the messages of the other customer have gone, want them kept")
	}
}
