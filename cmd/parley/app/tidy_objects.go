package app

import (
	"context"
	"errors"
	"time"

	"parley/store/blob"
)

// Old files can be moved from the database to an object store such as S3. Each run of the Loop first removes the objects
// that nothing refers to any more, and then moves files that have become old enough.

// maxObjectFailures is how many failures in a row end a run, because the object store is probably down.
const maxObjectFailures = 3

// tidyObjects removes unreferenced objects, and then moves files that are older than keep. It returns false if the run must
// end, as do the functions below.
func (r *Loop) tidyObjects(ctx context.Context, keep time.Duration) bool {
	if r.Objects == nil {
		return true
	}
	return r.removeObjects(ctx) && r.moveBlobs(ctx, keep)
}

// removeObjects removes from the object store the files that nothing refers to any more.
func (r *Loop) removeObjects(ctx context.Context) bool {
	failures := 0
	list, err := blob.ObjectsToRemove(ctx, r.Pool)
	for ; err == nil && len(list) > 0; list, err = blob.ObjectsToRemove(ctx, r.Pool) {
		for _, hash := range list {
			remove := func(ctx context.Context) error { return blob.RemoveObject(ctx, r.Pool, r.Objects, hash) }
			if !r.handleObject(ctx, &failures, remove) {
				return false
			}
		}
		if failures > 0 { // ObjectsToRemove would return the failed ones again
			return true
		}
	}
	return r.checkDatabase(ctx, err)
}

// moveBlobs moves files that are older than keep to the object store.
func (r *Loop) moveBlobs(ctx context.Context, keep time.Duration) bool {
	failures := 0
	list, err := blob.ListUnmoved(ctx, r.Pool, "", keep)
	for ; err == nil && len(list) > 0; list, err = blob.ListUnmoved(ctx, r.Pool, list[len(list)-1], keep) {
		for _, hash := range list {
			move := func(ctx context.Context) error {
				if err := blob.Move(ctx, r.Pool, r.Objects, hash); err != nil {
					return err
				}
				r.outside.Add(1)
				return nil
			}
			if !r.handleObject(ctx, &failures, move) {
				return false
			}
		}
	}

	return r.checkDatabase(ctx, err)
}

// handleObject renews the lease of the run and calls do for one object. A failure is logged and left to the next run. failures
// counts the failures of the object store since its last success.
func (r *Loop) handleObject(ctx context.Context, failures *int, do func(context.Context) error) bool {
	if !r.takeLease(ctx) {
		return false
	}

	objectCtx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	err := do(objectCtx)
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

// checkDatabase logs err, an error of the database. It returns false if there is one.
func (r *Loop) checkDatabase(ctx context.Context, err error) bool {
	if err != nil && ctx.Err() == nil {
		r.Log.Warn("retention failed", "error", err)
	}
	return err == nil
}
