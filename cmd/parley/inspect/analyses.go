package inspect

import (
	"context"
	"time"

	"parley/bridge/analysis"
	"parley/store/ai"
	"parley/store/stats"
)

// lateBurst is how long what a customer wrote may wait for its analysis before the doctor wonders.
const lateBurst = 5 * time.Minute

// analyses examines what reads customers' messages. Nothing in it is called broken: without an analysis everything
// else goes on.
func (o Options) analyses(ctx context.Context) Section {
	s := Section{Name: "analysis"}
	if o.Model == nil {
		s.good("model", "none: rules and word lists read what customers write, and nothing is sent anywhere")
	} else {
		o.model(ctx, &s)
	}
	switch waits, err := stats.Read(ctx, o.Pool); {
	case err != nil:
		s.odd("waiting", "it can't be read: "+err.Error(), "See the database's log.")
	case waits.Bursts > 0 && waits.BurstsOldest > lateBurst.Seconds():
		s.odd("waiting", count(waits.Bursts, "conversation")+" to be analysed, the oldest for "+rounded(time.Duration(waits.BurstsOldest*float64(time.Second))),
			"Is parley serve running, and does the model answer in time? Messages and replies don't wait for it.")
	default:
		s.good("waiting", "%s to be analysed", count(waits.Bursts, "conversation"))
	}
	return s
}

// model asks the model, and adds what the running Parley last saw of it.
func (o Options) model(ctx context.Context, s *Section) {
	if c := o.Model.Probe(ctx); c.Status == analysis.Working {
		s.good("model", "it answers")
	} else {
		s.odd("model", c.Text, c.Hint+" Until then rules read what customers write.")
	}
	switch c, err := ai.FindCondition(ctx, o.Pool); {
	case err != nil:
		s.odd("condition", "it can't be read: "+err.Error(), "See the database's log.")
	case c == nil:
		s.good("condition", "parley serve has not asked it yet")
	case c.Status == string(analysis.Working):
		s.good("condition", "no fault was reported")
	default:
		s.odd("condition", "since "+c.Since.UTC().Format("2006-01-02 15:04:05")+" UTC: "+c.Text, c.Hint)
	}
}
