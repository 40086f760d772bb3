package command

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"parley/bot/typed"
	"parley/bridge"
	"parley/bridge/spelling"
)

// What an agent types in a thread goes to the customer, unless the agent marks it as a note: "note: …" or "// …". Many
// people write something like it in their own way: "internal - she is angry", "FYI, …", "Notiz an mich". This file finds
// such texts. Parley sends none of them without asking the agent first.

// insideWords are the words of one language with which people begin a text for colleagues, in small letters without
// accents, with ", " between them.
type insideWords struct {
	language string
	notes    string // "note, internal": they count also at the beginning of a later line
	hints    string // "fyi, hint": texts for customers have them, too, but rarely begin with them
	everyday string // those of the words that also begin ordinary sentences: they count only if something sets them apart
}

// insideTable returns the words of all languages in which teams work; see docs/settings.md.
func insideTable() []insideWords { return slices.Concat(latinWords(), otherWords()) }

// latinWords returns those of languages that are written in Latin letters.
func latinWords() []insideWords {
	return []insideWords{
		{language: "English", notes: "note, notes, note to self, internal, internally, private, privately, confidential, " +
			"for internal use, team note, not for the customer, not for customers, do not send",
			hints: "fyi, for your information, hint, hints, heads up, heads-up, todo", everyday: "do not send, todo"},
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

// otherWords returns those of other languages. Chinese and Japanese have no spaces, so a word counts only if no letter
// follows it. That is why longer words which begin with a listed one stand here, too.
func otherWords() []insideWords {
	return []insideWords{
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

// listWords takes the words of one field of insideWords apart, and writes them as plainLetters does.
func listWords(list string) []string { return strings.Split(plainLetters(list), ", ") }

// insideWord is one word of insideTable.
type insideWord struct {
	text       string
	isHint     bool
	isEveryday bool
}

// allInsideWords returns the words of all languages, the longest first. A word that is among the notes of one language and
// the hints of another counts as a note's.
var allInsideWords = sync.OnceValue(func() []insideWord { //nolint:gochecknoglobals // a table that never changes
	words := map[string]insideWord{}
	everyday := map[string]bool{}
	for _, l := range insideTable() {
		for _, text := range listWords(l.hints) {
			words[text] = insideWord{text: text, isHint: true}
		}
		for _, text := range listWords(l.everyday) {
			everyday[text] = true
		}
	}
	for _, l := range insideTable() {
		for _, text := range listWords(l.notes) {
			words[text] = insideWord{text: text}
		}
	}
	var list []insideWord
	for _, w := range words {
		w.isEveryday = everyday[w.text]
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b insideWord) int {
		return cmp.Or(len(b.text)-len(a.text), strings.Compare(a.text, b.text))
	})
	return list
})

// beginningRunes is how much of a line is compared with the table. It is more than the longest word has.
const beginningRunes = 80

// hasInsideWordFirst reports whether a text begins like one for colleagues: "internal: …", "Note - …", "(note) …",
// "note customer is angry".
func hasInsideWordFirst(text string) bool {
	if strings.HasPrefix(text, insideSign) {
		return true
	}
	word, after, found := cutInsideWord(text)
	if !found {
		return isMistypedNote(text)
	}
	return !word.isEveryday || isSetApart(after)
}

// insideSign is the mark that Parley puts on what stays inside. Who has seen it there may type it before a text that is to stay inside.
const insideSign = "🔒"

// isMistypedNote reports whether a line begins with "note:" but for one slip of the finger: "ntoe: …".
func isMistypedNote(line string) bool {
	word, _, hasColon := strings.Cut(plainBeginning(line), ":")
	switch word = strings.TrimRight(word, " *_~`"); word {
	case "noted", "none", "nope", "vote": // words of their own
		return false
	}
	return hasColon && spelling.CountSlips(word, "note") == 1
}

// hasInsideLine reports whether a line after the first begins like a note: "note: …", "// …", "(internal) …". There a word
// needs a separator behind it, and hints don't count, since texts for customers have such lines, too.
func hasInsideLine(text string, opt Options) bool {
	_, later, _ := strings.Cut(typed.Trim(text), "\n")
	for line := range strings.SplitSeq(later, "\n") {
		_, rest := splitBeforeMarker(line, opt)
		if marker, _ := cutMarker(rest); marker == bridge.MarkNote {
			return true
		}
		word, after, found := cutInsideWord(rest)
		isNote := found && !word.isHint
		if isNote && isSetApart(after) {
			return true
		}
	}
	return false
}

// cutInsideWord finds the word with which a line begins. after is what follows it in plainBeginning of the line.
func cutInsideWord(line string) (word insideWord, after string, found bool) {
	plain := plainBeginning(line)
	for _, w := range allInsideWords() {
		after, ok := strings.CutPrefix(plain, w.text)
		if ok && !hasLetterFirst(after) {
			return w, after, true
		}
	}
	return insideWord{}, "", false
}

// plainBeginning returns the beginning of a line so that it can be compared with the table: in small letters, without
// accents and invisible characters, and without the brackets, bullets and symbols before the first word.
func plainBeginning(line string) string {
	var b strings.Builder
	runes := 0
	for _, r := range line {
		runes++
		if runes > beginningRunes || r == '\n' {
			break
		}

		switch {
		case r > ' ' && r < unicode.MaxASCII: // the usual case, without a look into Unicode's tables
			b.WriteRune(r)
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case !typed.IsBlank(r):
			b.WriteRune(foldRune(r))
		}
	}

	plain := plainLetters(b.String())
	plain = pointMark.ReplaceAllString(strings.TrimLeft(plain, " "), "")
	return strings.TrimLeftFunc(plain, func(r rune) bool {
		return isSymbol(r) || strings.ContainsRune(" ([{<\"'“”„«»「『【〔〖《〈*_~`#>-–—•‣⁃·・※+:", r)
	})
}

// plainLetters returns a text in small letters without accents.
func plainLetters(s string) string {
	return strings.Map(func(r rune) rune {
		if r > unicode.MaxASCII && unicode.Is(unicode.Mn, r) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFD.String(s))
}

// hasLetterFirst reports whether a text begins with a letter, a vowel's sign or a digit, so that it continues the word
// before it.
func hasLetterFirst(s string) bool {
	for _, r := range s {
		return unicode.IsLetter(r) || unicode.Is(unicode.Mc, r) || unicode.IsDigit(r)
	}
	return false
}

// isSetApart reports whether what follows a word sets it apart: "not: …", "(not) …", "not - …", but
// not "not-so-good".
func isSetApart(after string) bool {
	after = strings.TrimLeft(after, " *_~`")
	if strings.IndexAny(after, ":)]}|=>」』】〕〗》〉") == 0 {
		return true
	}
	for _, dash := range []string{"-", "–", "—"} {
		if rest, ok := strings.CutPrefix(after, dash); ok {
			return rest == "" || !hasLetterFirst(rest)
		}
	}
	return false
}
