package reply

import (
	"cmp"
	"fmt"
	"strings"

	"parley/bridge"
	"parley/bridge/engine/book"
	"parley/bridge/engine/files"
	"parley/bridge/engine/outbound"
	"parley/channels"
	"parley/store"
)

// maxTextsUnwarned is the most texts (SMS) that a reply may count as without a warning to its author.
const maxTextsUnwarned = 3

// usualLimits are those of: what customers' phones take without trouble. They
// hold for chats; an account's file_limits replace them, up to what the channel takes.
func usualLimits() channels.FileLimits {
	return channels.FileLimits{channels.FileImage: 5 << 20, channels.FileDocument: 10 << 20, channels.FileVideo: 16 << 20}
}

// fileLimit returns the largest file of a kind that an account sends, in bytes: the lower one of the channel's limit and the
// account's. For a chat's account that sets none, the usual limit counts. ok is false if no files of that kind are taken. If ok
// is true, limit 0 means that there is no limit.
func fileLimit(caps channels.Capabilities, account channels.FileLimits, kind channels.FileKind) (limit int64, ok bool) {
	if limit, ok = channelLimit(caps, kind); !ok {
		return 0, false
	}

	chosen, isChosen := account[kind]
	if !isChosen && !caps.Threads {
		chosen, isChosen = usualLimits()[kind]
	}
	if !isChosen {
		return limit, true
	}

	return lowerLimit(limit, chosen), chosen > 0
}

// channelLimit is fileLimit without what the account sets.
func channelLimit(caps channels.Capabilities, kind channels.FileKind) (limit int64, ok bool) {
	if len(caps.Files.Limits) > 0 {
		limit, ok = caps.Files.Limits[kind]
		return limit, ok
	}
	return caps.Files.MaxBytes, true
}

// lowerLimit returns the lower of two limits; limit 0 means none.
func lowerLimit(limit, other int64) int64 {
	if limit == 0 {
		return other
	}
	return min(limit, other)
}

// OverLimits says why a channel, called name, can't take a reply, before anything is tried; nil means it can.
// account has the limits that the account sets.
func OverLimits(ch channels.Channel, name string, account channels.FileLimits, text string, files []store.FileRef) *bridge.Problem {
	if ch == nil {
		return nil
	}

	caps := ch.Capabilities()
	n := channels.TextRunes(ch, text)
	if caps.MaxTextRunes > 0 && n > caps.MaxTextRunes {
		return &bridge.Problem{
			Code: bridge.ReasonTextTooLong,
			Text: fmt.Sprintf("%s takes %d characters, and this has %d.", name, caps.MaxTextRunes, n),
			Hint: "Say it in several messages.",
		}
	}
	if len(files) == 0 {
		return nil
	}
	if caps.Files.PerMessage == 0 {
		return &bridge.Problem{
			Code: bridge.ReasonNoFiles,
			Text: cmp.Or(caps.Files.Unavailable, name+" takes no files."),
			Hint: "Send a link to it instead.",
		}
	}

	return filesOver(caps, account, name, files)
}

// filesOver says which of the files a channel can't take: a kind, a size, or the sizes of those that leave in one message.
func filesOver(caps channels.Capabilities, account channels.FileLimits, name string, attached []store.FileRef) *bridge.Problem {
	perMessage := caps.Files.PerMessage // not 0: OverLimits has refused files then
	for i, f := range attached {
		if files.FromSurface(f).Unavailable != "" {
			continue // its kind and size may not be known: its author is told why it can't be read
		}
		if problem := fileOver(caps, account, name, f); problem != nil {
			return problem
		}
		isFirstOfMessage := i%perMessage == 0
		if !isFirstOfMessage || caps.Files.MaxBytes == 0 {
			continue
		}
		var size int64
		for _, other := range attached[i:min(i+perMessage, len(attached))] {
			size += other.SizeBytes
		}
		if size > caps.Files.MaxBytes {
			return &bridge.Problem{
				Code: bridge.ReasonFilesTooLarge,
				Text: fmt.Sprintf("The files have %s together; %s takes at most %s in a message.",
					channels.SizeWords(size), name, channels.SizeWords(caps.Files.MaxBytes)),
				Hint: "Send them one by one, or make them smaller.",
			}
		}
	}
	return nil
}

// fileOver says why a channel, or the account, doesn't take a file; nil means that it does.
func fileOver(caps channels.Capabilities, account channels.FileLimits, name string, f store.FileRef) *bridge.Problem {
	sentAs := caps.Files.SentAs(f.Name, f.ContentType)
	if sentAs == "" {
		return &bridge.Problem{
			Code: bridge.ReasonFileKind,
			Text: fmt.Sprintf("%s takes no files like %s.", name, f.Name),
			Hint: "Send it in another form, for example as a PDF or a JPEG, or a link to it.",
		}
	}

	kind := channels.KindOf(sentAs)
	limit, ok := fileLimit(caps, account, kind)
	by := name
	if most, isTaken := channelLimit(caps, kind); isTaken && (!ok || limit != most) {
		by = "This account"
	}
	if !ok {
		return &bridge.Problem{
			Code: bridge.ReasonFileKind,
			Text: fmt.Sprintf("%s takes no %s, as %s is one.", by, plainKind(kind), f.Name),
			Hint: "Send it in another form, or a link to it.",
		}
	}
	if limit == 0 || f.SizeBytes <= limit {
		return nil
	}
	most, has := channels.SizeWords(limit), channels.SizeWords(f.SizeBytes)
	if has == most { // both are rounded
		has = "a little more"
	}
	return &bridge.Problem{
		Code: bridge.ReasonFileTooLarge,
		Text: fmt.Sprintf("%s takes %s of at most %s, and %s has %s.", by, plainKind(kind), most, f.Name, has),
		Hint: "Make it smaller, or send a link to it.",
	}
}

// plainKind names files of a kind in a sentence.
func plainKind(kind channels.FileKind) string {
	if kind == channels.FileAudio {
		return "audio files"
	}
	return string(kind) + "s"
}

// keepOverLimits keeps a reply inside that the channel can't take, and tells its author why, before the hold begins. It
// returns false if the channel can take the reply.
func (rs *UseCases) keepOverLimits(c *book.Conversation, m *book.Message) bool {
	if m.Template != nil && rs.Caps(c.AccountID).Templates {
		return false // its provider has approved it; others get its words as plain text
	}
	name, _ := rs.Reading.KindName(c.Account.Kind)
	problem := OverLimits(rs.Channel(c.AccountID), name, rs.Settings(c).FileLimits, m.Text, m.Files)
	if problem == nil {
		return false
	}
	m.KeepInside(problem.Code)
	rs.TellWith(c, m, bridge.Line{Content: &bridge.InsideLine{Why: bridge.InWords(problem.Text), Hint: problem.Hint}})
	return true
}

// KeepEditOverLimits keeps a reply inside that still waits and that an edit made too much for the channel, and tells its author
// why. It returns false if the channel can take the reply.
func (rs *UseCases) KeepEditOverLimits(c *book.Conversation, m *book.Message) bool {
	if !rs.keepOverLimits(c, m) {
		return false
	}
	rs.Outbox.CancelReply(m)
	rs.Messages.AwaitAnswerAgain(c)
	rs.Mark(c, m, bridge.MarkInside)
	return true
}

// countTexts returns for how many texts (SMS) a provider charges a reply, or 1 if it doesn't count.
func (rs *UseCases) countTexts(c *book.Conversation, text string) int {
	counter, counts := rs.Channel(c.AccountID).(channels.Counter)
	if counts && text != "" {
		signature, _ := outbound.SignatureOf(c.Account, nil, rs.Caps(c.AccountID).Threads)
		return counter.Count(text, signature).Parts
	}
	return 1
}

// ManyTexts returns for how many texts a reply is charged, if they are so many that its author is to be warned, and 0 otherwise.
func (rs *UseCases) ManyTexts(c *book.Conversation, text string) int {
	if n := rs.countTexts(c, text); n > maxTextsUnwarned {
		return n
	}
	return 0
}

// WarnOfTexts tells the author of a long reply (m, with its first part d), while it can still be taken back, for how many texts it
// is charged, with those that leave as one message with it. told is the number that the author was told before, or 0.
func (rs *UseCases) WarnOfTexts(c *book.Conversation, m *book.Message, d *book.Delivery, told int) {
	text := m.Text
	if d.JoinKey != "" {
		var lines []string
		for _, other := range rs.Outbox.Lanes[d.LaneID].Waiting {
			line := rs.Messages.Rows[other.MessageID]
			if other.JoinKey == d.JoinKey && line != nil {
				lines = append(lines, line.Text)
			}
		}
		text = strings.Join(lines, "\n\n")
	}

	n := rs.ManyTexts(c, text)
	if n == 0 || n == told {
		return
	}
	rs.LineAbout(c, m, bridge.Line{Content: &bridge.TextsLine{Count: n, Joined: text != m.Text}, Verbs: []bridge.Verb{bridge.VerbUndo},
		Args: bridge.Args{Conversation: c.ID, Message: m.ID}})
}
