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

// Certificate is what the company keeps as proof of an erasure: what was erased, when, and who asked for it. Of the
// contact it holds only the number of the row and keyed hashes, by which an address can be checked only with the
// database's key.
type Certificate struct {
	Erasure  string            `json:"erasure"`
	Company  string            `json:"company"`
	Contacts []store.ContactID `json:"contacts"`
	By       string            `json:"asked_by"`
	AskedAt  time.Time         `json:"asked_at"`
	DoneAt   time.Time         `json:"done_at"`
	// Identities are keyed hashes of the addresses and numbers. Facts counts the facts that are kept as keyed hashes.
	Identities []string `json:"identities"`
	Facts      int64    `json:"facts"`
	Closed     int64    `json:"conversations_closed"` // that were still open
	Places     []Found  `json:"places"`
	// Threads is where the conversations were shown; direct messages have no channel.
	Threads []Thread `json:"threads"`
	Notes   []string `json:"notes"`
	SHA256  string   `json:"sha256,omitempty"` // of this certificate as JSON without this field
}

// Thread is where a conversation was shown to colleagues.
type Thread struct {
	Conversation store.ConversationID `db:"conversation" json:"conversation"`
	Chat         string               `db:"chat" json:"chat"`
	Channel      string               `db:"channel" json:"channel"`
	Message      string               `db:"message" json:"message"` // the first one of the thread
	// Posts of Parley's that were removed; the first one says "Erased".
	Erased       int64 `db:"erased" json:"erased"`
	Left         int64 `db:"kept" json:"left"`                   // posts of Parley's that the chat didn't remove
	ByColleagues int64 `db:"by_colleagues" json:"by_colleagues"` // messages that only people can delete
}

// certificateNotes returns the sentences that each certificate has in addition.
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

// threadsOf lists where the conversations have threads, or had posts (collected), and counts these posts.
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

// finish writes the certificate and forgets what was looked for, in one transaction.
func (r *runner) finish(ctx context.Context) (c Certificate, err error) {
	err = store.InTx(ctx, r.o.Pool, func(tx pgx.Tx) error {
		row, err := readRow(ctx, tx, r.row.ID)
		if err != nil {
			return err
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
			return err
		}

		c.DoneAt = c.DoneAt.UTC()
		for _, h := range row.Hashes {
			c.Identities = append(c.Identities, hex.EncodeToString(h))
		}

		if err := tx.QueryRow(ctx, `SELECT count(*) FROM erased_facts WHERE erasure_id = $1::uuid`, row.ID).Scan(&c.Facts); err != nil {
			return err
		}
		if c.Threads, err = query.Collect[Thread](ctx, tx, "threads", threadsOf, r.scope.Conversations, r.scope.Messages, r.row.ID); err != nil {
			return err
		}

		c.Places = append(c.Places, journalFound(row.Counts["events"]))
		for _, p := range listPlaces() {
			c.Places = append(c.Places, p.foundRows(row.Counts[p.Name]))
		}

		var inChats int64
		for _, t := range c.Threads {
			inChats += t.Erased
		}
		c.Places = append(c.Places, filesFound(row.Counts["blobs"]), chatsFound(inChats))
		if err := c.sign(); err != nil {
			return err
		}
		body, err := json.Marshal(c)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, finishErasure, row.ID, c.DoneAt, string(body)); err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `DELETE FROM erased_posts WHERE erasure_id = $1::uuid`, row.ID)
		return err
	})
	if err != nil {
		return Certificate{}, fmt.Errorf("store: certificate: %w", err)
	}

	return c, nil
}

// sign sets the hash over the certificate.
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

// IsUnchanged returns whether a certificate is unchanged: whether SHA256 fits the rest.
func (c Certificate) IsUnchanged() bool {
	before := c.SHA256
	err := c.sign()
	return err == nil && c.SHA256 == before
}

// CertificateOf returns the certificate of an erasure that is done.
// Errors: pgx.ErrNoRows when there is none.
func CertificateOf(ctx context.Context, q store.Querier, id string) (c Certificate, err error) {
	if err := q.QueryRow(ctx, `SELECT certificate FROM erasures WHERE id::text = $1 AND done_at IS NOT NULL`, id).Scan(&c); err != nil {
		return c, fmt.Errorf("store: certificate: %w", err)
	}
	return c, nil
}
