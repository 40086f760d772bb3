package engine_test

import "testing"

// The figures of a conversation stay when its customer is erased, though it is measured again then.
func TestFiguresOfErased(t *testing.T) {
	t.Parallel()
	w := newWorldMeasuring(t)
	dir := w.directory()
	s := w.open(100)
	s.subject.Intent, s.subject.Mood = "refund", "negative"
	for _, what := range []string{"opens", "a machine answers", "answers elsewhere"} {
		w.happen(s, what)
	}
	w.measureAll(dir)
	sums, shares := w.keptDays(nil), w.keptShares()

	w.exec(`UPDATE conversations SET status = 'closed', close_reason = 'erased', traits = '{}'`)
	w.exec(`UPDATE measured SET below = (SELECT max(id) + 1 FROM conversations)`)
	w.measureAll(dir)
	w.wantSame("sums", w.keptDays(nil), sums)
	w.wantSame("shares", w.keptShares(), shares)
}
