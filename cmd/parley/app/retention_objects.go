package app

import (
	"context"
	"errors"

	"parley/store"
)

// maxObjectFailures ends a run: the object store is away, and what is left waits for the next one.
const maxObjectFailures = 3

// objects removes from the object store what nothing refers to, and then moves files there that are
// older than a day. It says whether to go on.
func (r *retention) objects(ctx context.Context) bool {
	if r.app.objects == nil {
		return true
	}
	return r.removeObjects(ctx) && r.moveBlobs(ctx)
}

func (r *retention) removeObjects(ctx context.Context) bool {
	failures := 0
	list, err := store.ObjectsToRemove(ctx, r.app.db.Pool)
	for ; err == nil && len(list) > 0; list, err = store.ObjectsToRemove(ctx, r.app.db.Pool) {
		for _, hash := range list {
			if !r.object(ctx, &failures, func(ctx context.Context) error { return store.RemoveObject(ctx, r.app.db.Pool, r.app.objects, hash) }) {
				return false
			}
		}
		if failures > 0 { // they are on the list still
			return true
		}
	}
	return r.went(ctx, err)
}

func (r *retention) moveBlobs(ctx context.Context) bool {
	failures := 0
	list, err := store.BlobsToMove(ctx, r.app.db.Pool, "", keepBlobs)
	for ; err == nil && len(list) > 0; list, err = store.BlobsToMove(ctx, r.app.db.Pool, list[len(list)-1], keepBlobs) {
		for _, hash := range list {
			moved := r.object(ctx, &failures, func(ctx context.Context) error {
				err := store.MoveBlob(ctx, r.app.db.Pool, r.app.objects, hash)
				if err == nil {
					r.outside.Add(1)
				}
				return err
			})
			if !moved {
				return false
			}
		}
	}
	return r.went(ctx, err)
}

// object does something with one object, as long as this process has the right to run. What fails is
// logged and left for the next run; it says whether to go on.
func (r *retention) object(ctx context.Context, failures *int, do func(context.Context) error) bool {
	if !r.mine(ctx) {
		return false
	}
	one, cancel := context.WithTimeout(ctx, batchTimeout) // shorter than the lease: nothing is under way when another process begins
	defer cancel()
	err := do(one)
	var failed store.ObjectsError
	switch {
	case err == nil:
		*failures = 0
	case ctx.Err() != nil:
		return false
	case errors.As(err, &failed):
		*failures++
		r.app.log.Warn("object store failed", "error", err)
	default:
		r.app.log.Warn("file not moved", "error", err)
	}
	return *failures < maxObjectFailures
}

// went logs an error of the database and says whether there was none.
func (r *retention) went(ctx context.Context, err error) bool {
	if err != nil && ctx.Err() == nil {
		r.app.log.Warn("retention failed", "error", err)
	}
	return err == nil
}
