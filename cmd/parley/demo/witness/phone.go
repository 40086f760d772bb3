package witness

import (
	"cmp"
	"time"

	"parley/cmd/parley/demo/judge"
	"parley/cmd/parley/demo/phone"
)

// lookIntoPhones hears what customers write by phone, and sees what they receive.
// Caller holds mu.
func (w *Witness) lookIntoPhones(now time.Time) {
	phones := w.world.Phones()
	if phones == nil {
		return
	}

	for address, h := range phones.All() {
		for _, kind := range phone.Kinds() {
			c, err := h.Chat(kind)
			if err != nil {
				continue
			}

			for _, l := range c.Lines() {
				w.noteLine(address+" "+kind, kind, h, l, now)
			}
		}
	}
}

func (w *Witness) noteLine(box, kind string, h *phone.Handset, l phone.Line, now time.Time) {
	text, files := l.Text, 0
	if l.File != nil {
		text, files = cmp.Or(l.Text, l.File.Name), 1
	}
	if l.Automatic || l.Elsewhere { // nobody said it in Slack
		return
	}

	if l.Mine {
		name, alias := h.Who()
		if kind == phone.Messenger {
			alias = h.ByPage().ID()
		}

		w.noteSaying(judge.Saying{Key: "<" + l.ID + ">", Way: judge.WayIn, Who: name, Alias: alias, Whom: phone.CompanyAt(kind), At: l.At, Text: text, Box: box,
			Files: files, Bare: l.Text == "" && files > 0}, now)
	} else {
		w.noteArrival(judge.Arrival{Key: box + "/" + l.ID, Way: judge.WayOut, At: l.At, Box: box, Wording: judge.WordingOf(text)})
	}
}
