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

// Pipeline collects statements and sends them to the database in one round trip, so that a batch of events doesn't wait for
// the network once per statement. The statements run in order, and each sees the effects of those before it. Methods with a
// parameter list, such as Messages, only add a query; Run fills the list:
//
//	var p Pipeline
//	p.Messages(&messages, ids)
//	p.Threads(&threads, conversations)
//	err := p.Run(ctx, tx) // now messages and threads have their rows
//
// They add nothing if their arguments are empty. In parallel slices, such as accounts and addresses, the elements with the
// same index belong together.
type Pipeline struct{ batch pgx.Batch }

// Exec implements Execer: it adds a statement. Its error is returned by Run.
func (p *Pipeline) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// Run runs the collected statements, fills the lists of the queries, and empties the pipeline.
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

// read adds a query whose rows are stored in list.
func read[T any](p *Pipeline, list *[]T, sql string, args ...any) {
	query.Read(&p.batch, list, sql, args...)
}

// readChanged adds a query whose rows are stored in list after change has been applied to each.
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

// Identities reads identities by id, together with their roots (Identity.Root).
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

// LatestMessages reads the newest messages of each conversation, perConversation of each. If these include fewer than minSaid
// messages to or from the customer, because the others are colleagues' notes, it reads the missing ones from the fifty
// messages before.
func (p *Pipeline) LatestMessages(list *[]Message, conversations []ConversationID, perConversation, minSaid int) {
	if len(conversations) > 0 {
		read(p, list, latestWithSaid, conversations, perConversation, minSaid)
	}
}

// ParkedMessages reads the oldest parked replies of each conversation, at most limit: those that can't be sent for this reason.
func (p *Pipeline) ParkedMessages(list *[]Message, conversations []ConversationID, reason Reason, limit int) {
	if len(conversations) > 0 {
		read(p, list, parkedMessages, conversations, reason, limit)
	}
}

// LockLanes reads the lanes of locked conversations, and the lanes with the given accounts and keys. It locks them in the
// order of their ids, except for idle lanes of conversations.
func (p *Pipeline) LockLanes(list *[]Lane, conversations []ConversationID, accounts []AccountID, keys []string) {
	if len(conversations)+len(accounts) > 0 {
		read(p, list, lockLanes, conversations, accounts, keys)
	}
}

// WaitingDeliveries reads the first 200 deliveries with an OrderBy that wait in each lane.
func (p *Pipeline) WaitingDeliveries(list *[]Delivery, lanes []LaneID) {
	if len(lanes) > 0 {
		read(p, list, waitingDeliveries, lanes)
	}
}

// DeliveriesOf reads the replies, emojis and notices that belong to messages, and deliveries by id.
func (p *Pipeline) DeliveriesOf(list *[]Delivery, messages []MessageID, deliveries []DeliveryID) {
	if len(messages)+len(deliveries) > 0 {
		read(p, list, deliveriesOf, messages, deliveries)
	}
}

// SentLately reads the replies among the newest 100 deliveries of each lane that were sent or are being sent.
func (p *Pipeline) SentLately(list *[]Delivery, lanes []LaneID) {
	if len(lanes) > 0 {
		read(p, list, sentLately, lanes)
	}
}

// Unshown reads which of the conversations have a customer's message, or an edit of one, that has not been posted yet.
func (p *Pipeline) Unshown(list *[]ConversationID, conversations []ConversationID) {
	if len(conversations) > 0 {
		readIDs(p, list, unshown, conversations)
	}
}

// FindPosts is the function FindPosts as part of a pipeline.
func (p *Pipeline) FindPosts(list *[]Post, accounts []AccountID, channels, messages []string) {
	if len(accounts) > 0 {
		read(p, list, findPosts, accounts, channels, messages)
	}
}

// AutomaticOfDays reads the conversations that collect the automatic mail of an account on a day (Conversation.Day). days[i],
// yyyy-mm-dd, is a day of accounts[i].
func (p *Pipeline) AutomaticOfDays(list *[]ConversationID, accounts []AccountID, days []string) {
	if len(accounts) > 0 {
		readIDs(p, list, automaticOfDays, accounts, days)
	}
}

// LatestOf reads the newest conversation of each customer, and the customer's open conversation in a chat.
func (p *Pipeline) LatestOf(list *[]ConversationID, accounts []AccountID, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, latestOf, accounts, addresses)
	}
}

// ParkedOf reads which of the newest conversations of customers have replies that are parked for the reason.
func (p *Pipeline) ParkedOf(list *[]ConversationID, accounts []AccountID, addresses []string, reason Reason) {
	if len(accounts) > 0 {
		readIDs(p, list, parkedOf, accounts, addresses, reason)
	}
}

// OpenConversations reads the newest open conversations of customers, at most five for each of a customer's addresses.
func (p *Pipeline) OpenConversations(list *[]ConversationID, accounts []AccountID, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, openOf, accounts, addresses)
	}
}

// FindExternalIDs looks up providers' message ids. externalIDs[i] is an id on accounts[i].
func (p *Pipeline) FindExternalIDs(list *[]ExternalID, accounts []AccountID, externalIDs []string) {
	if len(accounts) == 0 {
		return
	}
	short, original := query.ShortIDs(externalIDs)
	readChanged(p, list, func(x *ExternalID) { x.ExternalID = original[x.ExternalID] }, findExternalIDs, accounts, short)
}

// InsertLanes inserts lanes. If one of them exists already, the transaction fails (IsLost).
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

// CommitWith runs the statements of the pipeline and commits tx, in one round trip. So the locks of these statements are never
// held while the server waits for this process.
func CommitWith(ctx context.Context, tx pgx.Tx, p *Pipeline) error {
	p.batch.Queue("commit")
	return p.Run(ctx, tx.Conn())
}

// InTxWith runs f in one READ COMMITTED transaction, and commits it together with the statements that f returns (see
// CommitWith). f may return nil.
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
			_ = tx.Rollback(ctx) // if this fails, the pool closes the connection, which ends the transaction
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: transaction: %w", err)
	}
	return nil
}
