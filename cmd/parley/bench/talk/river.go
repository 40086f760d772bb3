package talk

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"parley/cmd/parley/bench/figure"
	"parley/cmd/parley/bench/rig"
	"parley/store"
)

const (
	riverDatabase = "river" // a database of its own
	riverWorkers  = 100     // maximum of concurrent jobs in River's default queue
	maxUnread     = 16      // started jobs that are not recorded yet
)

// riverQueue runs River, a popular job queue for Go on PostgreSQL, with its default settings. MeasureHop
// compares Parley's latency with it: it shows how soon a program with an ordinary job queue would react to a
// message.
type riverQueue struct {
	pool    *pgxpool.Pool
	client  *river.Client[pgx.Tx]
	started chan jobStart
}

// jobStart is the time at which the worker started job n.
type jobStart struct {
	n  int
	at time.Time
}

// tickArgs is a job that does nothing except report that it was started.
type tickArgs struct {
	N int `json:"n"`
}

// Kind implements river.JobArgs.
func (tickArgs) Kind() string { return "tick" }

type tickWorker struct {
	river.WorkerDefaults[tickArgs]

	started chan<- jobStart
}

// Work implements river.Worker.
func (w *tickWorker) Work(_ context.Context, job *river.Job[tickArgs]) error {
	w.started <- jobStart{job.Args.N, time.Now()}
	return nil
}

// startRiver starts River on a new database. The caller calls close.
func startRiver(ctx context.Context, w *rig.World) (*riverQueue, error) {
	if err := w.Admin(ctx, "DROP DATABASE IF EXISTS "+riverDatabase); err != nil {
		return nil, err
	}
	if err := w.CreateDatabase(ctx, riverDatabase); err != nil {
		return nil, err
	}

	pool, err := pgxpool.New(ctx, w.URLOf(riverDatabase))
	if err != nil {
		return nil, fmt.Errorf("bench: river: %w", err)
	}

	q := &riverQueue{pool: pool, started: make(chan jobStart, maxUnread)}
	if err := q.start(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("bench: river: %w", err)
	}

	return q, nil
}

// start migrates the database and starts a client with one worker type.
func (q *riverQueue) start(ctx context.Context) error {
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(riverpgxv5.New(q.pool), &rivermigrate.Config{Logger: quiet})
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}

	workers := river.NewWorkers()
	if err := river.AddWorkerSafely(workers, &tickWorker{started: q.started}); err != nil {
		return err
	}

	q.client, err = river.NewClient(riverpgxv5.New(q.pool), &river.Config{
		Logger:  quiet,
		Workers: workers,
		Queues:  map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: riverWorkers}},
	})
	if err != nil {
		return err
	}

	return q.client.Start(context.WithoutCancel(ctx)) // close ends it
}

// measureHops inserts n jobs, one every rig.HopEvery, each in its own transaction. It returns the time in ms
// from each commit to the start of the job, but at least 0.
func (q *riverQueue) measureHops(ctx context.Context, n int) ([]float64, error) {
	tick := time.NewTicker(rig.HopEvery)
	defer tick.Stop()
	committed, started := make([]time.Time, n), make([]time.Time, n)
	collected := make(chan struct{})
	go func() {
		defer close(collected)

		for range n {
			select {
			case job := <-q.started:
				started[job.n] = job.at
			case <-ctx.Done():
				return
			}
		}
	}()

	for i := range n {
		err := store.InTx(ctx, q.pool, func(tx pgx.Tx) error {
			_, err := q.client.InsertTx(ctx, tx, tickArgs{N: i}, nil)
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("bench: river: %w", err)
		}

		committed[i] = time.Now()

		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}

	<-collected

	if ctx.Err() != nil {
		return nil, ctx.Err()
	}

	hops := make([]float64, n)
	for i := range hops {
		hops[i] = max(0, figure.MS(started[i].Sub(committed[i])))
	}

	return hops, nil
}

func (q *riverQueue) close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	defer q.pool.Close()
	if err := q.client.Stop(ctx); err != nil {
		return fmt.Errorf("bench: river: %w", err)
	}
	return nil
}
