package verb

import (
	"cmp"
	"iter"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parley/bot/shape"
	"parley/bridge"
)

// A text that an agent types in a chat thread goes to the customer, unless the agent marks it as an internal note
// with "note: …" or "// …". Many people use words of their own instead: "internal - she is angry", "FYI, …",
// "Notiz an mich". This file recognizes such texts, in every language that Parley supports. Parley asks the
// agent before it sends one of them.

// internalWords holds the words of one language that introduce an internal text. They are lower case, have no
// accents, and are separated by ", ".
type internalWords struct {
	language string
	notes    string // "note, internal": also recognized at the start of a later line
	hints    string // "fyi, hint": recognized only at the start of the text, since replies use them in later lines
	everyday string // the subset that also begins ordinary sentences; these need a separator, as in "todo: …"
}

// internalTable returns the words of all supported languages; see docs/settings.md.
func internalTable() []internalWords { return slices.Concat(latinWords(), otherWords()) }

// latinWords returns the words of languages with a Latin alphabet.
func latinWords() []internalWords {
	return []internalWords{
		{language: "English", notes: "note, notes, note to self, internal, internally, private, privately, confidential, " +
			"for internal use, team note, team only, staff only, for staff only, not for the customer, not for customers, do not send",
			hints:    "fyi, for your information, hint, hints, heads up, heads-up, todo",
			everyday: "do not send, todo, team only, staff only, for staff only"},
		{language: "German", notes: "notiz, notizen, intern, interne, interner, internes, anmerkung, anmerkungen, privat, vertraulich, " +
			"nur intern",
			hints: "zur info, zur information, zur kenntnis, hinweis, hinweise, z.k., zk"},
		{language: "French", notes: "note, notes, interne, en interne, prive, privee, confidentiel, remarque, entre nous",
			hints: "pour info, pour information, indice"},
		{language: "Spanish", notes: "nota, notas, interno, interna, privado, privada, confidencial, entre nosotros",
			hints: "para tu informacion, para su informacion, pista"},
		{language: "Portuguese", notes: "nota, notas, interno, interna, privado, privada, particular, confidencial, observacao",
			hints: "para tua informacao, para sua informacao, dica", everyday: "particular"},
		{language: "Italian", notes: "nota, note, appunto, appunti, interno, interna, privato, privata, riservato, confidenziale",
			hints: "per info, per tua informazione, suggerimento", everyday: "appunto, riservato"},
		{language: "Dutch", notes: "notitie, notities, opmerking, intern, interne, prive, vertrouwelijk, onder ons",
			hints: "ter info, ter informatie, tip", everyday: "tip"},
		{language: "Polish", notes: "notatka, notatki, wewnetrzne, wewnetrzna, wewnetrznie, prywatne, prywatnie, poufne, uwaga wewnetrzna",
			hints: "dla informacji, wskazowka"},
		{language: "Swedish", notes: "anteckning, anteckningar, notering, internt, intern, privat, konfidentiellt",
			hints: "for kannedom, for information, tips", everyday: "for information, tips"},
		{language: "Danish", notes: "note, noter, notat, internt, intern, privat, fortroligt",
			hints: "til orientering, til info, tip"},
		{language: "Czech", notes: "poznamka, poznamky, interne, interni, soukrome, soukroma, duverne",
			hints: "pro informaci, pro info, napoveda"},
		{language: "Turkish", notes: "not, notlar, dahili, ic not, sirket ici, ozel, gizli",
			hints: "bilgi, bilginize, ipucu", everyday: "not, ozel, bilgi"},
		{language: "Slovak", notes: "poznamka, poznamky, interne, interna, interny, sukromne, doverne",
			hints: "pre informaciu, pre info"},
		{language: "Hungarian", notes: "megjegyzes, megjegyzesek, feljegyzes, belso, belso hasznalatra, bizalmas",
			hints: "tajekoztatasul, tipp", everyday: "tipp"},
		{language: "Romanian", notes: "nota, note, notita, notite, intern, interna, uz intern, privat, confidential",
			hints: "pentru informare, pentru informarea ta"},
		{language: "Croatian", notes: "biljeska, biljeske, napomena, napomene, interno, interna, privatno, povjerljivo",
			hints: "za informaciju, za info"},
		{language: "Slovene", notes: "opomba, opombe, interno, interna, zasebno, zaupno",
			hints: "za informacijo, namig"},
		{language: "Norwegian", notes: "notat, notater, merknad, internt, intern, privat, konfidensielt, fortrolig",
			hints: "til informasjon, til orientering, tips", everyday: "tips"},
		{language: "Finnish", notes: "muistiinpano, muistiinpanot, huomautus, sisainen, sisaisesti, yksityinen, luottamuksellinen",
			hints: "tiedoksi, vihje"},
	}
}

// otherWords returns the words of all other languages. A word matches only if no letter follows it. Chinese
// and Japanese have no spaces between words, so the table also lists compounds that begin with another entry:
// 内部 and 内部备注.
func otherWords() []internalWords {
	return []internalWords{
		{language: "Bulgarian", notes: "бележка, бележки, вътрешно, вътрешна, поверително",
			hints: "за информация, за сведение"},
		{language: "Greek", notes: "σημείωση, σημειώσεις, εσωτερικό, εσωτερική, εσωτερικά, ιδιωτικό, εμπιστευτικό",
			hints: "για ενημέρωση, προς ενημέρωση"},
		{language: "Ukrainian", notes: "нотатка, нотатки, примітка, внутрішнє, внутрішня, приватно, конфіденційно",
			hints: "до відома, підказка"},
		{language: "Russian", notes: "заметка, заметки, примечание, внутреннее, внутренняя, приватно, конфиденциально",
			hints: "к сведению, для информации, подсказка"},
		{language: "Arabic", notes: "ملاحظة, ملاحظات, داخلي, داخلية, سري, خاص",
			hints: "للعلم, للاطلاع", everyday: "خاص"},
		{language: "Hebrew", notes: "הערה, הערות, פנימי, פנימית, פרטי, סודי, חסוי",
			hints: "לידיעתך, לידיעתכם, לידיעה"},
		{language: "Hindi", notes: "नोट, टिप्पणी, आंतरिक, निजी, गोपनीय",
			hints: "जानकारी के लिए, आपकी जानकारी के लिए"},
		{language: "Chinese", notes: "内部, 内部备注, 内部使用, 仅限内部, 仅供内部, 备注, 笔记, 私密, 保密, 机密, 內部, 內部備註, 內部使用, 僅限內部, 僅供內部, 備註, 筆記, 機密",
			hints: "注, 提示, 仅供参考, 供参考, 僅供參考, 供參考", everyday: "提示"},
		{language: "Japanese", notes: "内部, 内部用, 内部メモ, 社内, 社内用, 社内向け, 社内限り, 社内共有, 社内連絡, 社内メモ, ノート, メモ, 備考, 社外秘, 内密",
			hints: "ご参考, ご参考まで, 参考, 参考まで, ヒント"},
		{language: "Korean", notes: "내부, 내부용, 내부 메모, 내부 공유, 사내, 사내용, 메모, 노트, 비공개, 대외비, 기밀",
			hints: "참고, 참고로, 힌트", everyday: "내부, 사내, 메모, 노트, 비공개, 참고, 참고로"},
	}
}

// listWords splits one field of internalWords and normalizes it with plainLetters.
func listWords(list string) []string { return strings.Split(plainLetters(list), ", ") }

// internalWord is one word of internalTable.
type internalWord struct {
	text       string
	isHint     bool
	isEveryday bool
}

// allInternalWords returns the words of all languages, longest first. A word that one language lists under
// notes and another under hints is treated as a note.
var allInternalWords = sync.OnceValue(func() []internalWord { //nolint:gochecknoglobals // a table that never changes
	words := map[string]internalWord{}
	everyday := map[string]bool{}
	for _, l := range internalTable() {
		for _, text := range listWords(l.hints) {
			words[text] = internalWord{text: text, isHint: true}
		}
		for _, text := range listWords(l.everyday) {
			everyday[text] = true
		}
	}

	for _, l := range internalTable() {
		for _, text := range listWords(l.notes) {
			words[text] = internalWord{text: text}
		}
	}

	var list []internalWord
	for _, w := range words {
		w.isEveryday = everyday[w.text]
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b internalWord) int {
		return cmp.Or(len(b.text)-len(a.text), strings.Compare(a.text, b.text))
	})
	return list
})

// beginningRunes limits how much of a line is compared with the table. It exceeds the longest word.
const beginningRunes = 80

// startsLikeNote reports whether a text begins like an internal note: "internal: …", "Note - …", "(note) …",
// "note customer is angry".
func startsLikeNote(text string) bool {
	if strings.HasPrefix(text, internalSign) {
		return true
	}
	word, after, found := cutInternalWord(text)
	if !found {
		return isMistypedNote(text)
	}
	return !word.isEveryday || isSetApart(after)
}

// internalSign is the emoji with which Parley marks internal texts. Agents who know it may type it before a
// note of their own.
const internalSign = "🔒"

// isMistypedNote reports whether a line begins with "note:" with one typing error: "ntoe: …".
func isMistypedNote(line string) bool {
	word, _, hasColon := strings.Cut(plainBeginning(line), ":")
	switch word = strings.TrimRight(word, " *_~`"); word {
	case "noted", "none", "nope", "vote": // real words
		return false
	}
	return hasColon && bridge.CountSlips(word, "note") == 1
}

// markerBelow returns the marker of a text of which a line after the first begins like a note or with a command: "note: …",
// "// …", "(internal) …", "!resolve". It is stricter than startsLikeNote: a word needs a separator after it, and hints
// are ignored, since replies contain such lines. A "!" or "/" needs a verb after it.
func markerBelow(text string, opt Options) bridge.Marker {
	for line := range laterLines(text, opt) {
		if isCommandLine(line) {
			return bridge.MarkCommandBelow
		}
		marker, _ := cutMarker(line)
		word, after, found := cutInternalWord(line)
		isNote := found && !word.isHint && isSetApart(after)
		if isNote || marker == bridge.MarkNote {
			return bridge.MarkNoteBelow
		}
	}
	return bridge.MarkNone
}

// HasCommandLine reports whether a line after the first begins with a command: "!resolve", "/note he lies".
func HasCommandLine(text string) bool {
	for line := range laterLines(text, Options{}) {
		if isCommandLine(line) {
			return true
		}
	}
	return false
}

// laterLines returns the lines of a text after the first, without what may precede a marker.
func laterLines(text string, opt Options) iter.Seq[string] {
	return func(yield func(string) bool) {
		_, later, _ := strings.Cut(shape.Trim(text), "\n")
		for line := range strings.SplitSeq(later, "\n") {
			if _, rest := splitBeforeMarker(line, opt); !yield(rest) {
				return
			}
		}
	}
}

// isCommandLine reports whether a line begins with a command's sign and its word: "!resolve", "/note he lies". A path
// such as "/tag/red" is none.
func isCommandLine(line string) bool {
	if _, isKeyword := cutKeyword(line); isKeyword {
		return true
	}
	switch marker, after := cutMarker(line); marker {
	case bridge.MarkBang:
		return beginsWithVerb(after)
	case bridge.MarkSlash:
		word := verbName.FindString(after)
		return beginsWithVerb(after) && !strings.HasPrefix(after[len(word):], "/")
	case bridge.MarkNone, bridge.MarkNote, bridge.MarkLone, bridge.MarkColleagues, bridge.MarkNoteBelow, bridge.MarkCommandBelow:
	}
	return false
}

// cutInternalWord returns the internal word that a line begins with. after is the rest of plainBeginning(line).
func cutInternalWord(line string) (word internalWord, after string, found bool) {
	plain := plainBeginning(line)
	for _, w := range allInternalWords() {
		after, ok := strings.CutPrefix(plain, w.text)
		if ok && !continuesWord(after) {
			return w, after, true
		}
	}
	return internalWord{}, "", false
}

// plainBeginning normalizes the beginning of a line for comparison with the table: lower case, without accents and
// invisible characters, and without the brackets, bullets and symbols before the first word.
func plainBeginning(line string) string {
	var b strings.Builder
	runes := 0
	for _, r := range line {
		runes++
		if runes > beginningRunes || r == '\n' {
			break
		}

		switch {
		case r > ' ' && r < unicode.MaxASCII: // fast path: no Unicode tables needed
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !shape.IsBlank(r):
			b.WriteRune(foldRune(r))
		}
	}

	plain := plainLetters(b.String())
	plain = pointMark.ReplaceAllString(strings.TrimLeft(plain, " "), "")
	return strings.TrimLeftFunc(plain, func(r rune) bool {
		return isSymbol(r) || strings.ContainsRune(" ([{<\"'“”„«»「『【〔〖《〈*_~`#>-–—•‣⁃·・※+:", r)
	})
}

// plainLetters returns a text in lower case without accents.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// continuesWord reports whether a text begins with a letter, a vowel sign or a digit, and so continues the
// word before it.
func continuesWord(s string) bool {
	for _, r := range s {
		return unicode.IsLetter(r) || unicode.Is(unicode.Mc, r) || unicode.IsDigit(r)
	}
	return false
}

// isSetApart reports whether a separator follows a word, so that it isn't part of a sentence. after is the
// text after the word. It is true for "todo: …", "(todo) …" and "todo - …", and false for "todo-list".
func isSetApart(after string) bool {
	after = strings.TrimLeft(after, " *_~`")
	if strings.IndexAny(after, ":)]}|=>」』】〕〗》〉") == 0 {
		return true
	}
	for _, dash := range []string{"-", "–", "—"} {
		if rest, ok := strings.CutPrefix(after, dash); ok {
			return rest == "" || !continuesWord(rest)
		}
	}
	return false
}
