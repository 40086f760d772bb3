package erase

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"parley/store"
	"parley/store/internal/query"
)

// Certificate is the proof of an erasure that the company keeps. An erasure deletes everything that is stored about a
// contact, who is a customer. The certificate says what was erased, when, and who requested it. It identifies the contact
// only by the id of the contact's row and by keyed hashes of the addresses: "was ann@x.test erased?" can be answered only
// with the database's key.
type Certificate struct {
	Erasure    string            `json:"erasure"`
	Company    string            `json:"company"`
	Contacts   []store.ContactID `json:"contacts"`
	By         string            `json:"asked_by"`
	AskedAt    time.Time         `json:"asked_at"`
	DoneAt     time.Time         `json:"done_at"`
	Identities []string          `json:"identities"`           // keyed hashes of the addresses and phone numbers
	Facts      int64             `json:"facts"`                // erased messages and events whose keyed hashes are kept
	Closed     int64             `json:"conversations_closed"` // conversations that were still open
	Places     []Found           `json:"places"`
	Threads    []Thread          `json:"threads"` // where colleagues saw the conversations
	Notes      []string          `json:"notes"`
	SHA256     string            `json:"sha256,omitempty"` // of this certificate as JSON without this field
}

// Thread is a thread in the colleagues' chat, such as Slack, that showed a conversation, and what became of its posts. A
// direct message is a Thread without a channel.
type Thread struct {
	Conversation store.ConversationID `db:"conversation" json:"conversation"`
	Chat         string               `db:"chat" json:"chat"`
	Channel      string               `db:"channel" json:"channel"`
	Message      string               `db:"message" json:"message"` // the first message of the thread
	// Parley's posts that were removed. The first post of a thread is replaced by "Erased".
	Erased       int64 `db:"erased" json:"erased"`
	Left         int64 `db:"kept" json:"left"`                   // Parley's posts that the chat didn't remove
	ByColleagues int64 `db:"by_colleagues" json:"by_colleagues"` // messages that only people can delete
}

// certificateNotes returns the notes of every certificate: what an erasure can't do.
func certificateNotes() []string {
	return []string{
		"No app can delete what colleagues wrote in Slack or Teams: " +
			"where by_colleagues or left isn't 0, delete the thread there, as an admin of the workspace.",
		"What other customers wrote stays theirs, also where it names this contact.",
		"Copies that providers keep (mailboxes, WhatsApp, SMS), and backups made before, are not part of this database. " +
			"A restore of such a backup applies the erasure again, by the list of erasures.",
	}
}

const finishErasure = `
	UPDATE erasures SET done_at = $2, sealed = NULL, certificate = $3 WHERE id = $1::uuid`

// threadsOf selects the threads of the conversations, and counts the posts that were to be removed from each (collected).
// A conversation may have had posts in further threads, which are listed, too.
const threadsOf = `
	WITH collected AS MATERIALIZED (
		SELECT e.conversation_id, e.account_id, e.channel, e.thread, e.kind, coalesce(p.version, '') = 'erased' AS gone
		FROM erased_posts AS e
		LEFT JOIN posts AS p ON p.account_id = e.account_id AND p.channel = e.channel AND p.message = e.message
		WHERE e.erasure_id = $3::uuid AND e.kind <> 'card'
	), t AS (
		SELECT conversation_id, account_id, channel, root AS thread FROM threads
		WHERE root <> ''
			AND (conversation_id = ANY($1) OR conversation_id = ANY(ARRAY(SELECT m.conversation_id FROM messages AS m WHERE m.id = ANY($2))))
		UNION
		SELECT conversation_id, account_id, channel, thread FROM collected
	)
	SELECT t.conversation_id AS conversation, a.name AS chat, t.channel, t.thread AS message,
		count(*) FILTER (WHERE collected.kind <> 'human' AND collected.gone) AS erased,
		count(*) FILTER (WHERE collected.kind <> 'human' AND NOT collected.gone) AS kept,
		count(*) FILTER (WHERE collected.kind = 'human') AS by_colleagues
	FROM t
	JOIN accounts AS a ON a.id = t.account_id
	LEFT JOIN collected ON collected.conversation_id = t.conversation_id AND collected.account_id = t.account_id
		AND collected.channel = t.channel AND collected.thread = t.thread
	GROUP BY t.conversation_id, a.name, t.channel, t.thread
	ORDER BY t.conversation_id, a.name, t.channel, t.thread`

// finish stores the certificate and deletes the names and addresses that the erasure searched for, in one transaction.
func (r *runner) finish(ctx context.Context) (c Certificate, err error) {
	err = store.InTx(ctx, r.options.Pool, func(tx pgx.Tx) error {
		if c, err = r.certify(ctx, tx); err != nil {
			return err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, finishErasure, c.Erasure, c.DoneAt, string(body)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM erased_posts WHERE erasure_id = $1::uuid`, c.Erasure)
		return err
	})
	if err != nil {
		return Certificate{}, fmt.Errorf("store: certificate: %w", err)
	}

	return c, nil
}

// certify returns the signed certificate of the erasure, whose other steps are done.
func (r *runner) certify(ctx context.Context, tx pgx.Tx) (c Certificate, err error) {
	row, err := readRow(ctx, tx, r.row.ID)
	if err != nil {
		return c, err
	}

	c = Certificate{
		Erasure:  row.ID,
		Contacts: row.Contacts,
		By:       row.By,
		AskedAt:  row.AskedAt.UTC(),
		Closed:   row.Counts["closed"],
		Notes:    certificateNotes(),
	}
	if err := tx.QueryRow(ctx, `SELECT company, clock_timestamp() FROM settings`).Scan(&c.Company, &c.DoneAt); err != nil {
		return c, err
	}
	c.DoneAt = c.DoneAt.UTC()
	for _, hash := range row.Hashes {
		c.Identities = append(c.Identities, hex.EncodeToString(hash))
	}
	if err := tx.QueryRow(ctx, `SELECT count(*) FROM erased_facts WHERE erasure_id = $1::uuid`, row.ID).Scan(&c.Facts); err != nil {
		return c, err
	}
	if c.Threads, err = query.Collect[Thread](ctx, tx, "threads", threadsOf, r.scope.Conversations, r.scope.Messages, row.ID); err != nil {
		return c, err
	}

	c.Places = append(c.Places, journalFound(row.Counts["events"]))
	for _, p := range listPlaces() {
		c.Places = append(c.Places, p.foundRows(row.Counts[p.Name]))
	}
	var removedPosts int64
	for _, t := range c.Threads {
		removedPosts += t.Erased
	}
	c.Places = append(c.Places, filesFound(row.Counts["blobs"]), chatsFound(removedPosts))
	return c, c.sign()
}

// sign sets SHA256.
func (c *Certificate) sign() error {
	c.SHA256 = ""
	body, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("store: certificate: %w", err)
	}
	sum := sha256.Sum256(body)
	c.SHA256 = hex.EncodeToString(sum[:])
	return nil
}

// IsUnchanged reports whether SHA256 matches the certificate, so that nobody has altered it since. It is a checksum, which
// doesn't protect from somebody who also replaces SHA256.
func (c Certificate) IsUnchanged() bool {
	before := c.SHA256
	err := c.sign()
	return err == nil && c.SHA256 == before
}

// CertificateOf returns the certificate of an erasure.
// Errors: pgx.ErrNoRows if the erasure doesn't exist or isn't finished.
func CertificateOf(ctx context.Context, q store.Querier, id string) (c Certificate, err error) {
	if err := q.QueryRow(ctx, `SELECT certificate FROM erasures WHERE id::text = $1 AND done_at IS NOT NULL`, id).Scan(&c); err != nil {
		return c, fmt.Errorf("store: certificate: %w", err)
	}
	return c, nil
}
