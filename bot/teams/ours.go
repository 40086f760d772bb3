package teams

import (
	"context"
	"slices"
	"strconv"
	"time"

	"parley/bridge"
)

// rootWait is how long a root may be in a channel before its record is: as long as nobody
// may know whether a post was made.
const rootWait = 11 * time.Minute

// ours tells whether the thread that a place is in was begun by a post of ours. Teams
// doesn't say. Where it isn't recorded, a young thread of a channel of ours is taken for
// one: the engine then waits a little for its record, so that no reply is lost.
// Errors: the desk's.
func (s *Surface) ours(ctx context.Context, at bridge.Place) (bool, error) {
	if at.Thread == "" {
		return false, nil
	}
	key := orderKey(at.Channel, at.Thread)
	if own, ok := s.roots.get(key); ok {
		return own, nil
	}
	own, err := s.desk.Posted(ctx, bridge.Place{Channel: at.Channel, Message: at.Thread})
	if err != nil {
		return false, err
	}
	if own {
		s.roots.put(key, true)
		return true, nil
	}
	id := messageID(at.Channel, at.Thread)
	said, err := s.desk.Seen(ctx, []string{id})
	if err != nil {
		return false, err
	}
	if said[id] { // somebody else's
		s.roots.put(key, false)
		return false, nil
	}
	began, err := strconv.ParseInt(at.Thread, 10, 64)
	answered, errAnswered := strconv.ParseInt(at.Message, 10, 64)
	if err != nil || errAnswered != nil || time.Duration(answered-began)*time.Millisecond > rootWait {
		return false, nil
	}
	list, err := s.desk.Channels(ctx)
	return slices.Contains(list, at.Channel), err
}
