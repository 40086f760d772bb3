package teams

import "testing"

// Nobody notices when a request of Teams' doesn't get here.
func TestGapsAreHidden(t *testing.T) {
	t.Parallel()
	w := newThreadWorld(t)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), true)
}

// A channel that was never read may be readable: the first reply there shows it.
func TestGapsAreHiddenInAnUnknownChannel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), true)
}

// Where Graph refuses to show messages, no reply is read again, until it shows them.
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

// Without a secret Graph can't be asked.
func TestNoGapsAreHiddenWithoutAzure(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withoutAzure)
	wantEqual(t, "hides gaps", w.surface.HidesGaps(w.channel), false)
}
