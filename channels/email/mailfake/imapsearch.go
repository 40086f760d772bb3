package mailfake

import (
	"bufio"
	"bytes"
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapserver"
	"github.com/emersion/go-message/textproto"
)

// This file implements the IMAP command SEARCH. It evaluates the criteria for each mail of the selected folder, without an
// index. Mails are parsed only if the criteria need it, once per mail, and without holding the lock.

// Search implements imapserver.Session. A UID search also finds mails that the client doesn't know yet. The library polls
// afterwards, which announces them before the command ends.
func (ss *session) Search(kind imapserver.NumKind, criteria *imap.SearchCriteria, options *imap.SearchOptions) (*imap.SearchData, error) {
	h, err := ss.beginCommand(OpSEARCH)
	if err != nil {
		return nil, err
	}

	list := ss.searchable(kind)
	parseNeeded(list, criteria)
	data := ss.search(kind, list, criteria, options.ReturnSave)
	ss.endCommand(h)
	return data, nil
}

// searchable returns the mails to search in.
func (ss *session) searchable(kind imapserver.NumKind) []target {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	list := make([]target, 0, len(ss.view.known))
	for i, k := range ss.view.known {
		if !k.msg.gone {
			list = append(list, target{uint32(i + 1), k.msg})
		}
	}

	if kind == imapserver.NumKindUID {
		for _, m := range ss.view.folder.msgs {
			if m.uid > ss.view.lastUID {
				list = append(list, target{0, m})
			}
		}
	}
	return list
}

// search returns the mails in list that match. If save is true, it saves them as the result "$" (RFC 5182).
func (ss *session) search(kind imapserver.NumKind, list []target, criteria *imap.SearchCriteria, save bool) *imap.SearchData {
	ss.world.mu.Lock()
	defer ss.world.mu.Unlock()
	q := &query{view: ss.view, list: list}
	found := slices.DeleteFunc(slices.Clone(list), func(t target) bool { return !q.match(t, criteria) })
	data, uids := searchData(kind, found)
	if save {
		ss.view.saved = uids
	}
	return data
}

// parseNeeded parses the parts of the mails that the criteria need. It must be called without the lock, so that a search
// through many mails doesn't block other clients.
func parseNeeded(list []target, c *imap.SearchCriteria) {
	header, body := partsNeeded(c)
	for _, t := range list {
		if body {
			t.msg.parsedMail()
		}
		if header {
			t.msg.parsedHead()
		}
	}
}

// partsNeeded reports whether criteria need the parsed header or body of a mail.
func partsNeeded(c *imap.SearchCriteria) (header, body bool) {
	hasSentDate := !c.SentSince.IsZero() || !c.SentBefore.IsZero()
	header = hasSentDate || len(c.Header) > 0
	body = len(c.Body) > 0 || len(c.Text) > 0
	nested := slices.Clone(c.Not)
	for _, pair := range c.Or {
		nested = append(nested, pair[0], pair[1])
	}
	for i := range nested {
		inHeader, inBody := partsNeeded(&nested[i])
		header, body = header || inHeader, body || inBody
	}
	return header, body
}

func searchData(kind imapserver.NumKind, found []target) (*imap.SearchData, imap.UIDSet) {
	var seqs imap.SeqSet
	var uids imap.UIDSet
	data := &imap.SearchData{Count: uint32(len(found))}
	for _, t := range found {
		uids.AddNum(t.msg.uid)
		num := uint32(t.msg.uid)
		if kind == imapserver.NumKindSeq {
			seqs.AddNum(t.seq)
			num = t.seq
		}

		data.Min = cmp.Or(data.Min, num)
		data.Max = num
	}

	data.All = uids
	if kind == imapserver.NumKindSeq {
		data.All = seqs
	}

	return data, uids
}

// query evaluates one SEARCH. Its methods must be called with the lock held.
type query struct {
	view *view
	list []target
}

// match reports whether a mail meets all criteria. Cheap ones come first, because words need the parsed mail.
func (q *query) match(t target, c *imap.SearchCriteria) bool {
	if !q.matchNumbers(t, c) || !matchFlags(t.msg, c) {
		return false
	}
	if !matchSize(t.msg, c) || !matchDates(t.msg, c) {
		return false
	}
	return matchWords(t.msg, c) && q.matchLogic(t, c)
}

// matchNumbers reports whether a mail is in all sets of sequence numbers and UIDs.
func (q *query) matchNumbers(t target, c *imap.SearchCriteria) bool {
	for _, set := range c.SeqNum {
		isAnnounced := t.seq != 0 // a mail that the client doesn't know has no sequence number
		if !isAnnounced || !containsSeq(set, t.seq, uint32(len(q.view.known))) {
			return false
		}
	}

	for _, set := range c.UID {
		if imap.IsSearchRes(set) {
			set = q.view.saved
		}
		if !containsUID(set, t.msg.uid, q.list[len(q.list)-1].msg.uid) {
			return false
		}
	}

	return true
}

func (q *query) matchLogic(t target, c *imap.SearchCriteria) bool {
	for i := range c.Not {
		if q.match(t, &c.Not[i]) {
			return false
		}
	}
	for i := range c.Or {
		if !q.match(t, &c.Or[i][0]) && !q.match(t, &c.Or[i][1]) {
			return false
		}
	}
	return true
}

func matchFlags(m *message, c *imap.SearchCriteria) bool {
	lacks := func(f imap.Flag) bool { return !m.has(f) }
	return !slices.ContainsFunc(c.Flag, lacks) && !slices.ContainsFunc(c.NotFlag, m.has)
}

func matchSize(m *message, c *imap.SearchCriteria) bool {
	n := int64(len(m.raw))
	isTooSmall := c.Larger != 0 && n <= c.Larger
	isTooLarge := c.Smaller != 0 && n >= c.Smaller
	return !isTooSmall && !isTooLarge
}

func matchDates(m *message, c *imap.SearchCriteria) bool {
	if !isDayWithin(m.at, c.Since, c.Before) {
		return false
	}
	if c.SentSince.IsZero() && c.SentBefore.IsZero() {
		return true
	}
	sent := m.parsedHead().Date
	return !sent.IsZero() && isDayWithin(sent, c.SentSince, c.SentBefore)
}

// isDayWithin reports whether since <= t < before, comparing days and ignoring time zones (RFC 9051 section 6.4.4). A zero
// since or before is no limit.
func isDayWithin(t, since, before time.Time) bool {
	day := time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
	isTooEarly := !since.IsZero() && day.Before(since)
	isTooLate := !before.IsZero() && !day.Before(before)
	return !isTooEarly && !isTooLate
}

func matchWords(m *message, c *imap.SearchCriteria) bool {
	for _, h := range c.Header {
		hasValue := func(v string) bool { return containsFold(v, h.Value) }
		if !slices.ContainsFunc(m.parsedHead().Header[canonicalHeader(h.Key)], hasValue) {
			return false
		}
	}

	for _, text := range c.Body {
		if !hasInBody(m, text) {
			return false
		}
	}

	for _, text := range c.Text {
		if !containsFold(string(m.raw), text) && !hasInBody(m, text) {
			return false
		}
	}

	return true
}

// hasInBody reports whether the body of a mail contains a text, either decoded or raw.
func hasInBody(m *message, text string) bool {
	p := m.parsedMail()
	if containsFold(p.Text, text) || containsFold(p.HTML, text) {
		return true
	}
	_, body, _ := bytes.Cut(m.raw, []byte("\r\n\r\n"))
	return containsFold(string(body), text)
}

func containsFold(s, sub string) bool {
	return strings.Contains(strings.ToLower(s), strings.ToLower(sub))
}

// envelopeOf returns the IMAP envelope of a mail, or nil if the header is malformed.
func envelopeOf(raw []byte) *imap.Envelope {
	h, err := textproto.ReadHeader(bufio.NewReader(bytes.NewReader(raw)))
	if err != nil {
		return nil
	}
	return imapserver.ExtractEnvelope(h)
}
