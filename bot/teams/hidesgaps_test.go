package teams

import "testing"

// If a request by which Teams reports a message gets lost, Parley doesn't notice. So HidesGaps returns true, and
// replies are read again before they are sent.
func TestGapsAreHidden(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), true)
}

// HidesGaps returns false while Graph refuses to show the channel's messages, because replies can't be read again then.
func TestNoGapsAreHiddenWhereItMayNotRead(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	w.refuseToRead()
	noError(t, w.catchUp())
	wantEqual(t, "hides gaps while Graph refuses", w.surface.HidesGaps(w.channel), false)

	w.grantToRead()
	noError(t, w.catchUp())
	wantEqual(t, "hides gaps when Graph lets us read", w.surface.HidesGaps(w.channel), true)
}
