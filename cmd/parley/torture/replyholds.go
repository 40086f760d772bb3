package torture

import (
	"context"
	"sync"
	"time"

	"parley/cmd/parley/torture/checker"
	"parley/cmd/parley/torture/emulators"
)

// replyHolds keeps track of replies whose hold is shorter than it should be: Parley was told of their deletion too late,
// or a jump of the clock ended their hold early. They are excused when they arrive though deleted, or out of order.
type replyHolds struct {
	platform emulators.Platform
	hold     time.Duration

	mu      sync.Mutex
	recent  []heldReply               // replies that may be in their hold
	deleted map[string]checker.Marker // by the id of the message
	excused markerSet
}

// heldReply is a reply, with the time at which it was typed.
type heldReply struct {
	marker checker.Marker
	at     time.Time
}

// leaveMargin is how long after the end of its hold a reply may need to leave.
const leaveMargin = 5 * time.Second

// recordReply notes that a reply was typed.
func (h *replyHolds) recordReply(m checker.Marker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.recent = append(h.recent, heldReply{m, time.Now()})
	for len(h.recent) > 0 && time.Since(h.recent[0].at) > h.hold+leaveMargin {
		h.recent = h.recent[1:]
	}
}

// recordDeletion notes that a reply was deleted.
func (h *replyHolds) recordDeletion(id string, m checker.Marker) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.deleted == nil {
		h.deleted = map[string]checker.Marker{}
	}
	h.deleted[id] = m
}

// excuseHeld excuses all replies that are in their hold when the clock jumps: they may leave before their deletion, and
// before messages of which the platform tells late.
func (h *replyHolds) excuseHeld() {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.recent {
		h.excused.add(r.marker)
	}
}

// listExcused returns all replies that are excused. To those of excuseHeld it adds the replies of whose deletion the
// platform told Parley only after half of the hold.
func (h *replyHolds) listExcused(ctx context.Context) ([]checker.Marker, error) {
	late, err := h.platform.LateEvents(ctx, emulators.Deleted, h.hold/2)
	if err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, m := range h.deleted {
		if late[id] {
			h.excused.add(m)
		}
	}
	return h.excused.list(), nil
}
