package store

import (
	"cmp"
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"parley/store/internal/query"
)

// Execer runs statements that return no rows: a pool, a transaction, or a Pipeline.
type Execer = query.Execer

// Batcher sends several statements in one round trip and one transaction.
type Batcher = query.Batcher

// Pipeline collects statements and sends them to the database in one round trip, so that a batch of events needn't wait
// for the network once per statement. The statements run in their order, and each sees what those before it did. Methods
// that take a list, like Messages, fill it when Run is called.
type Pipeline struct{ batch pgx.Batch }

// Exec implements Execer. Run runs the statement and returns its error.
func (p *Pipeline) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// Run runs the collected statements, fills the lists of their queries, and empties the pipeline.
func (p *Pipeline) Run(ctx context.Context, q Batcher) error {
	if p.batch.Len() == 0 {
		return nil
	}
	batch := p.batch
	p.batch = pgx.Batch{}
	if err := q.SendBatch(ctx, &batch).Close(); err != nil {
		return fmt.Errorf("store: pipeline: %w", err)
	}
	return nil
}

// read adds a query whose rows are put into list.
func read[T any](p *Pipeline, list *[]T, sql string, args ...any) {
	query.Read(&p.batch, list, sql, args...)
}

// readChanged adds a query whose rows are put into list, each as change has changed it.
func readChanged[T any](p *Pipeline, list *[]T, change func(*T), sql string, args ...any) {
	p.batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = query.Rows[T](rows)
		for i := range *list {
			change(&(*list)[i])
		}
		return err
	})
}

// readIDs adds a query that returns one column of ids.
func readIDs[T ~int64](p *Pipeline, list *[]T, sql string, args ...any) {
	query.ReadIDs(&p.batch, list, sql, args...)
}

// Identities reads identities by id, and the roots of their customers.
func (p *Pipeline) Identities(list *[]Identity, ids []IdentityID) {
	if len(ids) > 0 {
		read(p, list, getIdentities, ids)
	}
}

// Threads reads the threads of conversations.
func (p *Pipeline) Threads(list *[]Thread, conversations []ConversationID) {
	if len(conversations) > 0 {
		read(p, list, getThreads, conversations)
	}
}

// Messages reads messages by id.
func (p *Pipeline) Messages(list *[]Message, ids []MessageID) {
	if len(ids) > 0 {
		read(p, list, getMessages, ids)
	}
}

// LatestMessages reads the newest messages of each conversation: as many as each says. If fewer than said of these are
// between the customer and us, because the others are colleagues' notes, it also looks for such messages among the fifty
// before, and reads as many as are missing.
func (p *Pipeline) LatestMessages(list *[]Message, conversations []ConversationID, each, said int) {
	if len(conversations) > 0 {
		read(p, list, latestWithSaid, conversations, each, said)
	}
}

// ParkedMessages reads the replies of each conversation that wait (are parked) for this reason: the oldest, at most limit.
func (p *Pipeline) ParkedMessages(list *[]Message, conversations []ConversationID, reason Reason, limit int) {
	if len(conversations) > 0 {
		read(p, list, parkedMessages, conversations, reason, limit)
	}
}

// LockLanes reads the lanes of locked conversations, and the lanes named by account and key (parallel lists). It
// locks them in the order of their ids, except for idle lanes of conversations.
func (p *Pipeline) LockLanes(list *[]Lane, conversations []ConversationID, accounts []AccountID, keys []string) {
	if len(conversations)+len(accounts) > 0 {
		read(p, list, lockLanes, conversations, accounts, keys)
	}
}

// WaitingDeliveries reads the deliveries that wait in lanes and have a place in a surface's order
// (Delivery.OrderBy), the first 200 of each lane.
func (p *Pipeline) WaitingDeliveries(list *[]Delivery, lanes []LaneID) {
	if len(lanes) > 0 {
		read(p, list, waitingDeliveries, lanes)
	}
}

// DeliveriesOf reads the replies, marks and lines that belong to messages, and deliveries by id.
func (p *Pipeline) DeliveriesOf(list *[]Delivery, messages []MessageID, deliveries []DeliveryID) {
	if len(messages)+len(deliveries) > 0 {
		read(p, list, deliveriesOf, messages, deliveries)
	}
}

// SentLately reads, among the newest 100 deliveries of each lane, the replies that left or are leaving.
func (p *Pipeline) SentLately(list *[]Delivery, lanes []LaneID) {
	if len(lanes) > 0 {
		read(p, list, sentLately, lanes)
	}
}

// Unshown reads which of the conversations have a message of the customer, or an edit of one, that is not posted yet.
func (p *Pipeline) Unshown(list *[]ConversationID, conversations []ConversationID) {
	if len(conversations) > 0 {
		readIDs(p, list, unshown, conversations)
	}
}

// FindPosts is the function FindPosts in a pipeline.
func (p *Pipeline) FindPosts(list *[]Post, accounts []AccountID, channels, messages []string) {
	if len(accounts) > 0 {
		read(p, list, findPosts, accounts, channels, messages)
	}
}

// AutomaticOfDays reads which conversations show the automatic mail of accounts on days (Conversation.Day). accounts and
// days (yyyy-mm-dd) are parallel lists. Days without such a conversation are left out.
func (p *Pipeline) AutomaticOfDays(list *[]ConversationID, accounts []AccountID, days []string) {
	if len(accounts) > 0 {
		readIDs(p, list, automaticOfDays, accounts, days)
	}
}

// LatestOf reads the newest conversation of each customer, and the customer's open conversation in a chat. Customers are
// named by account and address (parallel lists).
func (p *Pipeline) LatestOf(list *[]ConversationID, accounts []AccountID, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, latestOf, accounts, addresses)
	}
}

// ParkedOf reads which of the newest conversations of customers have replies that wait (are parked) for a reason.
// Customers are named by account and address (parallel lists).
func (p *Pipeline) ParkedOf(list *[]ConversationID, accounts []AccountID, addresses []string, reason Reason) {
	if len(accounts) > 0 {
		readIDs(p, list, parkedOf, accounts, addresses, reason)
	}
}

// OpenConversations reads the newest open conversations of customers, at most five for each of a customer's addresses. Customers are
// named by account and address (parallel lists).
func (p *Pipeline) OpenConversations(list *[]ConversationID, accounts []AccountID, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, openOf, accounts, addresses)
	}
}

// FindExternalIDs looks up providers' message ids by account (parallel lists).
func (p *Pipeline) FindExternalIDs(list *[]ExternalID, accounts []AccountID, external []string) {
	if len(accounts) == 0 {
		return
	}
	short, original := query.ShortIDs(external)
	readChanged(p, list, func(x *ExternalID) { x.ExternalID = original[x.ExternalID] }, findExternalIDs, accounts, short)
}

// InsertLanes adds new lanes. The transaction fails (IsLost) when one of them exists already.
func (p *Pipeline) InsertLanes(rows []Lane) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := query.JSON(rows)
	if err != nil {
		return err
	}
	p.batch.Queue(insertLanes, body, len(rows))
	return nil
}

// InTx runs f in one READ COMMITTED transaction.
func InTx(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) error) error {
	if err := pgx.BeginFunc(ctx, pool, f); err != nil {
		return fmt.Errorf("store: transaction: %w", err)
	}
	return nil
}

// CommitWith runs the statements of the pipeline and commits tx, in one round trip. So the server
// never holds the locks of these statements while it waits for this process.
func CommitWith(ctx context.Context, tx pgx.Tx, p *Pipeline) error {
	p.batch.Queue("commit")
	return p.Run(ctx, tx.Conn())
}

// InTxWith runs f in one READ COMMITTED transaction, which commits together with the statements that f
// returns (see CommitWith). f may return nil if it has none.
func InTxWith(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) (*Pipeline, error)) error {
	err := pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		tx, err := conn.Conn().Begin(ctx)
		if err != nil {
			return err
		}

		p, err := f(tx)
		if err == nil {
			err = CommitWith(ctx, tx, cmp.Or(p, &Pipeline{}))
		}
		if err != nil {
			_ = tx.Rollback(ctx) // if this fails, too, the pool closes the session, which ends the transaction
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: transaction: %w", err)
	}
	return nil
}
