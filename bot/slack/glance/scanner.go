package glance

// deepest is how deep values may be in each other.
const deepest = 64

// scanner walks once over a JSON text and checks it by the rules of encoding/json.
type scanner struct {
	text []byte
	at   int
	deep int
	odd  bool // the text isn't JSON, or isn't as expected; what is read from then on means nothing
}

// next gives the next byte that isn't space, without passing it; 0 at the end.
func (s *scanner) next() byte {
	for s.at < len(s.text) {
		switch c := s.text[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// pass passes a byte, which must be the next one that isn't space.
func (s *scanner) pass(c byte) {
	if s.next() != c {
		s.odd = true
		return
	}
	s.at++
}

// end makes sure that nothing follows.
func (s *scanner) end() {
	if s.next() != 0 || s.at < len(s.text) {
		s.odd = true
	}
}

// list passes a list of what item passes, in brackets.
func (s *scanner) list(begin, end byte, item func()) {
	s.pass(begin)
	if s.deep++; s.deep > deepest {
		s.odd = true
	}
	if s.next() == end {
		s.at++
		s.deep--
		return
	}
	for !s.odd {
		item()
		if s.next() != ',' {
			break
		}
		s.at++
	}
	s.pass(end)
	s.deep--
}

// object passes an object. member must pass the value of each member; key is good until then.
func (s *scanner) object(member func(key []byte)) {
	s.list('{', '}', func() {
		key := s.word()
		s.pass(':')
		if !s.odd {
			member(key)
		}
	})
}

// skip passes any value.
func (s *scanner) skip() {
	switch c := s.next(); {
	case c == '"':
		s.word()
	case c == '{':
		s.object(func([]byte) { s.skip() })
	case c == '[':
		s.list('[', ']', s.skip)
	case c == '-' || c >= '0' && c <= '9':
		s.number()
	case c == 't':
		s.literal("true")
	case c == 'f':
		s.literal("false")
	case c == 'n':
		s.literal("null")
	default:
		s.odd = true
	}
}

func (s *scanner) literal(word string) {
	if rest := s.text[s.at:]; len(rest) < len(word) || string(rest[:len(word)]) != word {
		s.odd = true
		return
	}
	s.at += len(word)
}

// word passes a string and gives what is between its quotes, as it is written.
func (s *scanner) word() []byte {
	s.pass('"')
	for from := s.at; !s.odd && s.at < len(s.text); s.at++ {
		switch c := s.text[s.at]; {
		case c == '"':
			s.at++
			return s.text[from : s.at-1]
		case c == '\\':
			s.escape()
		case c < ' ':
			s.odd = true
		}
	}
	s.odd = true
	return nil
}

// escape passes all of an escape but its last byte.
func (s *scanner) escape() {
	s.at++
	if s.at >= len(s.text) {
		s.odd = true
		return
	}
	switch s.text[s.at] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
	case 'u':
		for range 4 {
			if s.at++; s.at >= len(s.text) || !hex(s.text[s.at]) {
				s.odd = true
				return
			}
		}
	default:
		s.odd = true
	}
}

func hex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}

// number passes a number.
func (s *scanner) number() {
	if s.text[s.at] == '-' {
		s.at++
	}
	if s.at < len(s.text) && s.text[s.at] == '0' {
		s.at++
	} else {
		s.digits()
	}
	if s.at < len(s.text) && s.text[s.at] == '.' {
		s.at++
		s.digits()
	}
	if s.at < len(s.text) && (s.text[s.at] == 'e' || s.text[s.at] == 'E') {
		s.at++
		if s.at < len(s.text) && (s.text[s.at] == '+' || s.text[s.at] == '-') {
			s.at++
		}
		s.digits()
	}
}

// digits passes one digit at least.
func (s *scanner) digits() {
	from := s.at
	for s.at < len(s.text) && s.text[s.at] >= '0' && s.text[s.at] <= '9' {
		s.at++
	}
	if s.at == from {
		s.odd = true
	}
}

// name passes a string that is an id or a time: printable, without an escape. It is odd if there was one already.
func (s *scanner) name(to *string) {
	word := s.word()
	for _, c := range word {
		if c == '\\' || c > '~' {
			s.odd = true
		}
	}
	if *to != "" {
		s.odd = true
	}
	*to = string(word)
}
