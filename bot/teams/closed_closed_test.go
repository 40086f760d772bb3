package teams

import (
	"errors"
	"testing"
	"time"

	"parley/channels"
)

// A post that isn't tried, because one of its places was tried a moment ago, doesn't use up the try of another place.
// Otherwise posts to a channel without the app could keep all of Teams closed after our credentials work again.
func TestPostThatIsNotTriedUsesNoTry(t *testing.T) {
	t.Parallel()
	const removed, usual = "19:removed", "19:usual"
	start := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	places := NewClosed()
	places.Close(Everywhere, errors.New("refused"), channels.Condition{}, start)
	places.Close(removed, errors.New("not in the roster"), channels.Condition{}, start.Add(probeInterval/2))

	if err := places.Admit(start.Add(probeInterval), Everywhere, removed); err == nil {
		t.Error("a post to the removed channel is tried, want that it isn't")
	}
	if err := places.Admit(start.Add(probeInterval), Everywhere, usual); err != nil {
		t.Errorf("a post to the usual channel isn't tried: %v", err)
	}
	if err := places.Admit(start.Add(probeInterval), Everywhere, usual); err == nil {
		t.Error("a second post in the same minute is tried, want that it isn't")
	}
}
