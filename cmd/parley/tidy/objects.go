package tidy

import (
	"context"
	"errors"
	"time"

	"parley/store/blob"
)

// maxObjectFailures is how many failures end a run: the object store can't be reached.
const maxObjectFailures = 3

// objects removes from the object store the files to which nothing refers, and then moves files there that
// are older than keep. It returns false if the run must end.
func (r *Loop) objects(ctx context.Context, keep time.Duration) bool {
	if r.Objects == nil {
		return true
	}
	return r.removeObjects(ctx) && r.moveBlobs(ctx, keep)
}

func (r *Loop) removeObjects(ctx context.Context) bool {
	failures := 0
	list, err := blob.ObjectsToRemove(ctx, r.Pool)
	for ; err == nil && len(list) > 0; list, err = blob.ObjectsToRemove(ctx, r.Pool) {
		for _, hash := range list {
			if !r.object(ctx, &failures, func(ctx context.Context) error { return blob.RemoveObject(ctx, r.Pool, r.Objects, hash) }) {
				return false
			}
		}
		if failures > 0 { // ObjectsToRemove would list the same ones again
			return true
		}
	}
	return r.went(ctx, err)
}

func (r *Loop) moveBlobs(ctx context.Context, keep time.Duration) bool {
	failures := 0
	list, err := blob.ToMove(ctx, r.Pool, "", keep)
	for ; err == nil && len(list) > 0; list, err = blob.ToMove(ctx, r.Pool, list[len(list)-1], keep) {
		for _, hash := range list {
			moved := r.object(ctx, &failures, func(ctx context.Context) error {
				err := blob.Move(ctx, r.Pool, r.Objects, hash)
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

// object does something with one object while this process has the lease of the run. A failure is logged,
// and the object is left for the next run. It returns false if the run must end.
func (r *Loop) object(ctx context.Context, failures *int, do func(context.Context) error) bool {
	if !r.mine(ctx) {
		return false
	}
	one, cancel := context.WithTimeout(ctx, batchTimeout) // shorter than the lease, so that two runs never overlap
	defer cancel()
	err := do(one)
	var failed blob.ObjectsError
	switch {
	case err == nil:
		*failures = 0
	case ctx.Err() != nil:
		return false
	case errors.As(err, &failed):
		*failures++
		r.Log.Warn("object store failed", "error", err)
	default:
		r.Log.Warn("file not moved", "error", err)
	}
	return *failures < maxObjectFailures
}

// went logs an error of the database. It returns true if there was none.
func (r *Loop) went(ctx context.Context, err error) bool {
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention failed", "error", err)
	}
	return err == nil
}
