package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Execer runs statements that give no rows: a pool, a transaction, or a Pipeline.
type Execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Pipeline collects statements that are sent together and run in their order: one round
// trip for all. What queries give is there after Run. Each sees what those before it did.
type Pipeline struct{ batch pgx.Batch }

// Exec implements Execer: the statement runs with Run, and fails there.
func (p *Pipeline) Exec(_ context.Context, sql string, args ...any) (pgconn.CommandTag, error) {
	p.batch.Queue(sql, args...)
	return pgconn.CommandTag{}, nil
}

// Run sends what was collected.
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
	p.batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
}

// readAll gives what reads rows into list, each changed by f.
func readAll[T any](list *[]T, f func(*T)) func(pgx.Rows) error {
	return func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		for i := range *list {
			f(&(*list)[i])
		}
		return err
	}
}

// readIDs adds a query that gives ids.
func readIDs(p *Pipeline, list *[]int64, sql string, args ...any) {
	p.batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		return err
	})
}

// Identities reads identities by id, with those that stand for their customers.
func (p *Pipeline) Identities(list *[]Identity, ids []int64) {
	if len(ids) > 0 {
		read(p, list, getIdentities, ids)
	}
}

// Threads reads the threads of conversations.
func (p *Pipeline) Threads(list *[]Thread, conversations []int64) {
	if len(conversations) > 0 {
		read(p, list, getThreads, conversations)
	}
}

// Messages reads messages by id.
func (p *Pipeline) Messages(list *[]Message, ids []int64) {
	if len(ids) > 0 {
		read(p, list, getMessages, ids)
	}
}

// LatestMessages gives the newest messages of each conversation, by the order in which
// their facts were accepted: ids come from blocks and say nothing about it.
func (p *Pipeline) LatestMessages(list *[]Message, conversations []int64, each int) {
	if len(conversations) > 0 {
		read(p, list, latestMessages, conversations, each)
	}
}

// ParkedMessages gives the replies of conversations that were parked for a reason: of each the
// oldest ones, at most limit.
func (p *Pipeline) ParkedMessages(list *[]Message, conversations []int64, reason string, limit int) {
	if len(conversations) > 0 {
		read(p, list, parkedMessages, conversations, reason, limit)
	}
}

// LockLanes locks and reads the lanes of conversations, and those named by account and
// key, in the order of their ids.
func (p *Pipeline) LockLanes(list *[]Lane, conversations, accounts []int64, keys []string) {
	if len(conversations)+len(accounts) > 0 {
		read(p, list, lockLanes, conversations, accounts, keys)
	}
}

// WaitingDeliveries gives what waits in lanes by the surface's order, at most 200 each.
func (p *Pipeline) WaitingDeliveries(list *[]Delivery, lanes []int64) {
	if len(lanes) > 0 {
		read(p, list, waitingDeliveries, lanes)
	}
}

// DeliveriesOf gives the replies and marks of messages and the lines about them, and deliveries by
// their ids.
func (p *Pipeline) DeliveriesOf(list *[]Delivery, messages, deliveries []int64) {
	if len(messages)+len(deliveries) > 0 {
		read(p, list, deliveriesOf, messages, deliveries)
	}
}

// SentLately gives the newest replies of lanes that left or are leaving, at most 100 each.
func (p *Pipeline) SentLately(list *[]Delivery, lanes []int64) {
	if len(lanes) > 0 {
		read(p, list, sentLately, lanes)
	}
}

// Unshown gives those of conversations in which something that a customer said is not
// posted yet.
func (p *Pipeline) Unshown(list *[]int64, conversations []int64) {
	if len(conversations) > 0 {
		readIDs(p, list, unshown, conversations)
	}
}

// FindPosts looks surface messages up.
func (p *Pipeline) FindPosts(list *[]Post, accounts []int64, channels, messages []string) {
	if len(accounts) > 0 {
		read(p, list, findPosts, accounts, channels, messages)
	}
}

// AutomaticOfDays gives the daily threads of accounts, where they exist.
func (p *Pipeline) AutomaticOfDays(list *[]int64, accounts []int64, days []string) {
	if len(accounts) > 0 {
		readIDs(p, list, automaticOfDays, accounts, days)
	}
}

// LatestOf gives the newest conversation of each address: by account and key.
func (p *Pipeline) LatestOf(list *[]int64, accounts []int64, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, latestOf, accounts, addresses)
	}
}

// OpenOf gives the newest open conversations of each address, at most five: by account and key.
func (p *Pipeline) OpenOf(list *[]int64, accounts []int64, addresses []string) {
	if len(accounts) > 0 {
		readIDs(p, list, openOf, accounts, addresses)
	}
}

// FindExternalIDs looks provider's ids up.
func (p *Pipeline) FindExternalIDs(list *[]ExternalID, accounts []int64, external []string) {
	if len(accounts) == 0 {
		return
	}
	short, original := shortIDs(external)
	p.batch.Queue(findExternalIDs, accounts, short).Query(func(rows pgx.Rows) (err error) {
		*list, err = pgx.CollectRows(rows, pgx.RowToStructByName[ExternalID])
		for i := range *list {
			(*list)[i].ExternalID = original[(*list)[i].ExternalID]
		}
		return err
	})
}

// InsertLanes adds new lanes. The transaction fails (IsLost) when one of them exists already.
func (p *Pipeline) InsertLanes(rows []Lane) error {
	if len(rows) == 0 {
		return nil
	}
	body, err := jsonRows(rows)
	if err != nil {
		return err
	}
	p.batch.Queue(insertLanes, body, len(rows))
	return nil
}

// CommitWith ends a transaction with the statements of the pipeline: they and the commit go in
// one round trip. So the locks that they take don't depend on this process going on.
func CommitWith(ctx context.Context, tx pgx.Tx, p *Pipeline) error {
	p.batch.Queue("commit")
	return p.Run(ctx, tx.Conn())
}

// InTxWith runs f in one READ COMMITTED transaction and ends it with the statements that f gives,
// as CommitWith does; nil = there are none.
func InTxWith(ctx context.Context, pool *pgxpool.Pool, f func(pgx.Tx) (*Pipeline, error)) error {
	err := pool.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		tx, err := conn.Conn().Begin(ctx)
		if err != nil {
			return err
		}
		p, err := f(tx)
		if err == nil && p == nil {
			p = &Pipeline{}
		}
		if err == nil {
			err = CommitWith(ctx, tx, p)
		}
		if err != nil {
			_ = tx.Rollback(ctx) // the session ends with its context
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("store: transaction: %w", err)
	}
	return nil
}
