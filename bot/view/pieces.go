package view

import (
	"strings"
	"time"
	"unicode"

	"parley/bridge"
)

// Lengths of what a card shows of a customer's words, in runes.
const (
	maxNameRunes    = 60
	maxSubjectRunes = 120
	maxPreviewRunes = 120
)

// between stands between the parts of a line.
const between = " · "

func text(s string) Piece { return Piece{Kind: PieceText, Text: s} }
func bold(s string) Piece { return Piece{Kind: PieceBold, Text: s} }
func code(s string) Piece { return Piece{Kind: PieceCode, Text: s} }
func icon(s string) Piece { return Piece{Kind: PieceIcon, Text: s} }
func tag(t bridge.Tag) Piece {
	return Piece{Kind: PieceTag, Text: oneLine(t.Name, maxNameRunes), Color: t.Color}
}

func mention(a bridge.AgentRef) Piece {
	return Piece{Kind: PieceMention, Text: agentName(a), Agent: a}
}

func at(t time.Time, zone *time.Location) Piece {
	if zone == nil {
		zone = time.UTC
	}
	return Piece{Kind: PieceTime, At: t, Zone: zone}
}

// thread leads to a conversation's root; plain text while it has none.
func thread(label string, place bridge.Place) Piece {
	if place.Channel == "" {
		return text(label)
	}
	return Piece{Kind: PieceThread, Text: label, Place: place}
}

// whereabouts leads to a conversation; where its thread is in another chat, it names that.
func whereabouts(label string, f bridge.Facts) []Piece {
	pieces := []Piece{thread(label, f.Root)}
	if f.Root.Channel == "" && f.Elsewhere != "" {
		pieces = append(pieces, text(" in "+oneLine(f.Elsewhere, maxNameRunes)))
	}
	return pieces
}

func line(p ...Piece) Block { return Block{Kind: BlockLine, Pieces: p} }

// Small is a line of small print.
func Small(text string) Block { return small(Piece{Kind: PieceText, Text: text}) }

func small(p ...Piece) Block { return Block{Kind: BlockSmall, Pieces: p} }

// sentence builds a line of words and pieces: strings are literal text.
func sentence(parts ...any) Block {
	var pieces []Piece
	for _, part := range parts {
		switch p := part.(type) {
		case string:
			if p != "" {
				pieces = append(pieces, text(p))
			}
		case Piece:
			pieces = append(pieces, p)
		case []Piece:
			pieces = append(pieces, p...)
		}
	}
	return line(pieces...)
}

// joined puts the separator between groups of pieces, leaving empty ones out.
func joined(sep string, groups ...[]Piece) []Piece {
	var all []Piece
	for _, g := range groups {
		if len(g) == 0 {
			continue
		}
		if len(all) > 0 {
			all = append(all, text(sep))
		}
		all = append(all, g...)
	}
	return all
}

// quote keeps somebody's words; nothing for no words.
func quote(words string) []Block {
	if strings.TrimSpace(words) == "" {
		return nil
	}
	return []Block{{Kind: BlockQuote, Text: words}}
}

// oneLine makes untrusted words fit into a line: no line breaks, nothing invisible or
// that turns the direction of writing, not too long.
func oneLine(s string, runes int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == '\u200d' || r == '\u200c': // emoji and some scripts need them
			return r
		case unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u3164' || r == '\u115f' || r == '\u1160' || r == '\u2800':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > runes {
		s = strings.TrimSpace(string(r[:runes-1])) + "…"
	}
	return isolated(s)
}

// isolated keeps words that are written from the right from turning what stands beside them: it puts
// them between the signs that Unicode has for that.
func isolated(s string) string {
	for _, r := range s {
		if unicode.In(r, unicode.Arabic, unicode.Hebrew, unicode.Syriac, unicode.Thaana, unicode.Nko, unicode.Adlam) {
			return "\u2068" + s + "\u2069"
		}
	}
	return s
}

// agentName never is empty.
func agentName(a bridge.AgentRef) string {
	for _, name := range [...]string{a.Name, a.Email} {
		if n := oneLine(name, maxNameRunes); n != "" {
			return n
		}
	}
	return "Somebody"
}

// partyName never is empty.
func partyName(p bridge.PartyRef) string {
	for _, name := range [...]string{p.Name, p.Address} {
		if n := oneLine(name, maxNameRunes); n != "" {
			return n
		}
	}
	return "The customer"
}

// party names a customer with the address, once.
func party(p bridge.PartyRef) string {
	name, address := partyName(p), oneLine(p.Address, maxSubjectRunes)
	if address == "" || address == name {
		return name
	}
	return name + " <" + address + ">"
}

// nobody says that no agent is meant.
func nobody(a bridge.AgentRef) bool {
	return a.ID == 0 && a.User == "" && a.Name == "" && a.Email == ""
}

// said makes a remark of the engine's a sentence: capital letter, full stop.
func said(remark string) string {
	remark = strings.TrimSpace(remark)
	if remark == "" {
		return ""
	}
	r := []rune(remark)
	if !strings.Contains(strings.SplitN(remark, " ", 2)[0], "@") {
		r[0] = unicode.ToUpper(r[0])
	}
	if last := r[len(r)-1]; !strings.ContainsRune(".!?…:", last) {
		r = append(r, '.')
	}
	return string(r)
}

// then puts a space before a sentence that follows another.
func then(remark string) string {
	if s := said(remark); s != "" {
		return " " + s
	}
	return ""
}
