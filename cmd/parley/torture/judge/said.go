package judge

import "slices"

// judgeLedger goes through all that customers and teammates said and did, and looks for the trace that each deed must
// have left.
func judgeLedger(v *Verdict, w World, t Testimony) {
	if len(t.Said) == 0 {
		v.find(&v.Unaccounted, "nobody said anything: such a run shows nothing")
	}

	deleted := t.Said.listDeleted()
	for _, r := range t.Said {
		switch r.Did {
		case ActWrite:
			shows := func(b Box) bool { return b.Conv == r.Conv && slices.Contains(b.Wrote, r.Mark) }
			if !slices.ContainsFunc(w.Boxes, shows) {
				v.find(&v.Unaccounted, "%s was written, and the customer's mailbox or phone doesn't show it", r.Mark)
			}
		case ActType:
			judgeTyped(v, w, r, deleted[r.ID])
		case ActEdit:
			v.Edits++
			judgeEdit(v, w, t, r)
		case ActDelete:
			v.Deletes++
			judgeDelete(v, w, t, r)
		case ActResolve, ActHandOver, ActUnassign:
			v.Commands++
			th, p := w.find(r.ID)
			isShown := p != nil && th.Root == r.Root
			if isShown && r.Did == ActResolve {
				isShown = p.Resolve
			}
			if !isShown {
				v.find(&v.Unaccounted, "a conversation was %s by the message %s, and its thread doesn't show that", r.Did, r.ID)
			}
		}
	}

	judgeStrange(v, w, t.Said.listMarks())
}

// judgeTyped looks for a teammate's message in its thread.
func judgeTyped(v *Verdict, w World, r Record, deleted bool) {
	th, p := w.find(r.ID)
	if deleted {
		if p != nil {
			v.find(&v.Unaccounted, "%s was deleted and still stands at %s", r.Mark, r.ID)
		}
		return
	}
	isInThread := p != nil && th.Root == r.Root
	if !isInThread || !slices.Contains(p.Marks, r.Mark) {
		v.find(&v.Unaccounted, "%s was typed at %s, and its thread doesn't show it", r.Mark, r.ID)
	}
}

// judgeEdit looks for the new words of a reply: the customer has them, or a line keeps them. A line
// about the original words is enough for a reply that came back, and for one that may have left
// before Parley knew of its edit: there the line quotes what the customer has.
func judgeEdit(v *Verdict, w World, t Testimony, r Record) {
	th, p := w.find(r.ID)
	original := t.Said.findOriginal(r.ID)

	if p == nil || !slices.Contains(p.Marks, r.Mark) {
		v.find(&v.Unaccounted, "%s was edited into %s, and its thread doesn't show it", r.ID, r.Mark)
		return
	}
	if w.HasReached(r.Mark) || th.hasLineAbout(r.Mark) {
		return
	}

	isLate := t.LateEdits[r.ID] || t.Excused[original]
	hasLeft := isLate && w.HasReached(original)
	mayQuoteOriginal := original.Kind == Back || hasLeft
	if mayQuoteOriginal && th.hasLineAbout(original) {
		return
	}
	if t.Never[r.ID] || p.Untold { // nobody told Parley of the reply, and its edit alone does not show that it was one
		v.Untold++
		return
	}

	v.find(&v.Lost, "%s changed %s: the customer has it not, and no line says so", r.Mark, original)
}

// judgeDelete looks for a line about a reply that reached the customer although it was
// deleted. Whether it may have reached the customer at all is judged by judgeBox.
func judgeDelete(v *Verdict, w World, t Testimony, r Record) {
	m := t.Said.findOriginal(r.ID)
	told := slices.ContainsFunc(w.Threads, func(th Thread) bool { return th.Root == r.Root && th.hasLineAbout(m) })
	if told || !w.HasReached(m) {
		return
	}
	if t.Never[r.ID] {
		v.Untold++
		return
	}
	v.find(&v.Lost, "%s reached the customer though it was deleted, and no line says so", m)
}

// judgeStrange looks for words that stand somewhere and that nobody said. marks are those of all that was said.
func judgeStrange(v *Verdict, w World, marks map[Mark]bool) {
	seen := map[Mark]string{}
	for _, t := range w.Threads {
		for _, p := range t.Posts {
			for _, m := range p.Marks {
				seen[m] = "the post " + p.TS
			}
		}
	}

	for _, b := range w.Boxes {
		for _, m := range b.Wrote {
			seen[m] = "what a customer wrote"
		}

		for _, l := range b.Inbox {
			for _, m := range l.Marks {
				seen[m] = "what a customer received, " + l.ID
			}
		}
	}

	for m, where := range seen {
		if !marks[m] {
			v.find(&v.Unaccounted, "nobody said %s, which stands in %s", m, where)
		}
	}
}
