package analysis

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Texts are cleaned before they are compared or shown. Characters that nobody sees could hide a text from people
// that a program reads, or hide a forbidden word from a check.

// cleanText removes what is not seen: control characters, marks that turn the direction of writing, and invisible
// characters that can hold a hidden text. Line ends become "\n".
func cleanText(s string) string {
	s = strings.ToValidUTF8(s, "")
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n").Replace(s)
	return strings.Map(func(r rune) rune {
		if r == '\n' || r == '\t' {
			return r
		}
		if unicode.IsControl(r) || isUnseen(r) {
			return -1
		}
		return r
	}, s)
}

// isUnseen reports whether a character has no look of its own. Joiners stay, because Persian, Hindi and emojis need them.
func isUnseen(r rune) bool {
	if isJoiner(r) {
		return false
	}

	switch r {
	case '\u115f', '\u1160', '\u3164', '\uffa0', '\u034f': // fillers
		return true
	}

	if unicode.Is(unicode.Variation_Selector, r) && r >= '\ufe00' { // Mongolian's come before
		return true
	}
	if unicode.Is(unicode.Co, r) { // for private use
		return true
	}

	return unicode.Is(unicode.Cf, r) && !unicode.Is(unicode.Prepended_Concatenation_Mark, r)
}

// isJoiner reports whether a character joins its neighbours or parts them, or says that an emoji is drawn as text or not.
func isJoiner(r rune) bool {
	switch r {
	case '\u200c', '\u200d', '\ufe0e', '\ufe0f':
		return true
	}
	return false
}

// foldSpace makes one space of each run of white space, and none at the ends.
func foldSpace(s string) string { return strings.Join(strings.Fields(s), " ") }

// plain returns a text in the form in which rules look at it: compatible forms of letters and digits are one, dots, dashes
// and spaces are those of ASCII, and joiners are gone.
func plain(s string) string {
	s = norm.NFKC.String(cleanText(s))
	return strings.Map(func(r rune) rune {
		switch r {
		case '。', '｡', '․':
			return '.'
		}

		switch {
		case isJoiner(r):
			return -1
		case unicode.Is(unicode.Dash, r):
			return '-'
		case r > unicode.MaxASCII && unicode.Is(unicode.Nd, r):
			return asciiDigit(r)
		case r != '\n' && unicode.IsSpace(r):
			return ' '
		}

		return r
	}, s)
}

// asciiDigit returns the digit that a decimal digit of any script stands for: Unicode keeps each ten in a row.
func asciiDigit(r rune) rune {
	first := r
	for unicode.Is(unicode.Nd, first-1) {
		first--
	}
	return '0' + (r-first)%10
}

// rules are the compiled expressions of this package.
type rules struct {
	mention, tag, machine, phrase, hidden                   *regexp.Regexp
	scheme, target, reference, bare, mail, number, day, dot *regexp.Regexp
}

// compiled returns the expressions, compiled at their first use.
func compiled() *rules { return compileOnce() }

//nolint:gochecknoglobals // expressions that never change and cost much to compile
var compileOnce = sync.OnceValue(func() *rules {
	return &rules{
		mention: regexp.MustCompile(`(?i)<[@!#]|</?at\b|(^|[^\p{L}\p{N}._%+-])@\s*(here|channel|everyone|all|team|group)\b`),
		tag:     regexp.MustCompile(`(?i)</?[a-z][a-z0-9]*(\s[^>]*)?/?>|<!--|<\?|<![a-z]`),
		machine: regexp.MustCompile(`(?i)response_format|json_schema|json_object|finish_reason|system_prompt|<\|[a-z_]+\|>|\[/?INST\]|` +
			`</?think>|"(sentiment|urgent|because|intents|replies|actions)"\s*:|\bdesk\.(tags|intents|sources)\b`),
		phrase: regexp.MustCompile(`(?i)` + strings.Join(innerPhrases(), "|")),
		// A run of letters and digits that no person writes, as markers around data are: 24 or more hexadecimal digits.
		hidden: regexp.MustCompile(`(?i)\b[0-9a-f]{24,}\b`),
		scheme: regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.*-]{1,15}\s?:\s?/\s?/\s?[^\s<>"'|\]“”„«»‹›’]*|` +
			`\b(mailto|tel|sms|javascript|data|vbscript|file|callto|skype)\s?:[^\s<>"'|“”„«»‹›’]+`),
		target:    regexp.MustCompile(`(!?)\[([^\]]*)\]\s?\(\s*<?([^)>\s]*)`),
		reference: regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s*\S|\]\s?\[[^\]]*\]`),
		bare: regexp.MustCompile(`(?i)(?:[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?\.)+` +
			`[\p{L}][\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}](?:[:/?#][^\s<>"'|\])“”„«»‹›’]*)?`),
		mail:   regexp.MustCompile(`(?i)[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]+\s?@\s?[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.-]*[\p{L}\p{M}\p{N}])?`),
		number: regexp.MustCompile(`[+(]?\d(?:[\s().\-/]{0,3}\d){6,}`),
		day:    regexp.MustCompile(`\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{4})\b`),
		dot:    regexp.MustCompile(`(?i)\s?[\[({<]\s?(?:\.|dot|punkt|punto|point|ponto|kropka)\s?[\])}>]\s?|(\pL)\s+dot\s+(\pL)|([\pL\pN]) +\. ?(\pL{2})`),
	}
})

// hasMention reports whether a text would call people in a chat.
func hasMention(s string) bool { return compiled().mention.MatchString(plain(s)) }

// innerPhrases are words about a model and its instructions. No customer is told them.
func innerPhrases() []string {
	return []string{
		`system prompt`, `system message`, `my (system )?instructions`, `(as|i am|i'm) an? (ai|artificial)\b`, `language model`,
		`internal (use only|note)`, `prompt injection`,
		`system-?prompt`, `systemnachricht`, `als (ki|sprachmodell)\b`, `sprachmodell`, `interne notiz`, `meine anweisungen`,
		`invite système`, `prompt système`, `modèle de langage`, `note interne`, `mes instructions`, `en tant qu['’]ia\b`,
		`prompt del sistema`, `mensaje del sistema`, `modelo de lenguaje`, `nota interna`, `mis instrucciones`,
		`prompt di sistema`, `messaggio di sistema`, `modello linguistico`, `le mie istruzioni`,
		`prompt do sistema`, `mensagem do sistema`, `modelo de linguagem`, `minhas instruções`,
		`systeemprompt`, `systeembericht`, `taalmodel`, `interne notitie`, `mijn instructies`,
		`monit systemowy`, `prompt systemowy`, `model językowy`, `notatka wewnętrzna`, `moje instrukcje`,
		`系统提示`, `系統提示`, `语言模型`, `システムプロンプト`, `言語モデル`, `системный промпт`, `языковая модель`,
		`sistem istemi`, `موجه النظام`,
	}
}
