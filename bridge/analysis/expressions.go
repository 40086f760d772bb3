package analysis

import (
	"regexp"
	"strings"
	"sync"
)

// expressions are the regular expressions that check what a language model wrote. Some find content that customers must
// never see, such as "@here" or "[INST]". Others find content that is allowed only if its origin is known, such as links.
// They are matched against a text's plain form, in which all digits, dots, dashes and spaces are ASCII (see plain).
type expressions struct {
	// Content for colleagues, chats or machines.
	mention     *regexp.Regexp // notifies people in a chat: "@here", "<@U12>", "<at>"
	tag         *regexp.Regexp // markup: "<b>", "<!--"
	machine     *regexp.Regexp // a model's protocol: "<|end|>", "[INST]", `"urgent":`
	innerPhrase *regexp.Regexp // see innerPhrases
	longHex     *regexp.Regexp // 24 or more hexadecimal digits, like the markers around data in a prompt

	// Links and email addresses.
	link              *regexp.Regexp // with a scheme: "https://acme.test/1", "hxxp : //acme.test", "tel:+15550100"
	domain            *regexp.Regexp // without a scheme: "acme.test/1"; matches must also pass isDomain
	mail              *regexp.Regexp // "ann@acme.test"
	markdownLink      *regexp.Regexp // [words](target); groups: "!" of an image, words, target
	markdownReference *regexp.Regexp // [words][name], or "[name]: target" at the beginning of a line
	spelledDot        *regexp.Regexp // a disguised dot: "acme dot test", "acme [.] test"; groups: the letters around it, in pairs

	// Numbers.
	number *regexp.Regexp // seven or more digits, with separators: "+1 555 0100-22"
	day    *regexp.Regexp // "2026-11-27", "27.11.2026"
}

// compiled returns the expressions. They are compiled on first use.
func compiled() *expressions { return compileOnce() }

//nolint:gochecknoglobals // expressions that never change and cost much to compile
var compileOnce = sync.OnceValue(func() *expressions {
	return &expressions{
		mention: regexp.MustCompile(`(?i)<[@!#]|</?at\b|(^|[^\p{L}\p{N}._%+-])@\s*(here|channel|everyone|all|team|group)\b`),
		tag:     regexp.MustCompile(`(?i)</?[a-z][a-z0-9]*(\s[^>]*)?/?>|<!--|<\?|<![a-z]`),
		machine: regexp.MustCompile(`(?i)response_format|json_schema|json_object|finish_reason|system_prompt|<\|[a-z_]+\|>|\[/?INST\]|` +
			`</?think>|"(sentiment|urgent|because|intents|replies|actions)"\s*:|\bdesk\.(tags|intents|sources)\b`),
		innerPhrase: regexp.MustCompile(`(?i)` + strings.Join(innerPhrases(), "|")),
		longHex:     regexp.MustCompile(`(?i)\b[0-9a-f]{24,}\b`),

		link: regexp.MustCompile(`(?i)\b[a-z][a-z0-9+.*-]{1,15}\s?:\s?/\s?/\s?[^\s<>"'|\]“”„«»‹›’]*|` +
			`\b(mailto|tel|sms|javascript|data|vbscript|file|callto|skype)\s?:[^\s<>"'|“”„«»‹›’]+`),
		domain: regexp.MustCompile(`(?i)(?:[\p{L}\p{N}_](?:[\p{L}\p{M}\p{N}_-]*[\p{L}\p{M}\p{N}_])?\.)+` +
			`[\p{L}][\p{L}\p{M}\p{N}-]*[\p{L}\p{M}\p{N}](?:[:/?#][^\s<>"'|\])“”„«»‹›’]*)?`),
		mail: regexp.MustCompile(`(?i)[\p{L}\p{N}.!#$%&'*+/=?^_{|}~-]+\s?@\s?` +
			`[\p{L}\p{N}](?:[\p{L}\p{M}\p{N}.-]*[\p{L}\p{M}\p{N}])?`),
		markdownLink:      regexp.MustCompile(`(!?)\[([^\]]*)\]\s?\(\s*<?([^)>\s]*)`),
		markdownReference: regexp.MustCompile(`(?m)^\s{0,3}\[[^\]]+\]:\s*\S|\]\s?\[[^\]]*\]`),
		spelledDot: regexp.MustCompile(`(?i)\s?[\[({<]\s?(?:\.|dot|punkt|punto|point|ponto|kropka)\s?[\])}>]\s?|(\pL)\s+dot\s+(\pL)|` +
			`([\pL\pN]) +\. ?(\pL{2})`),

		number: regexp.MustCompile(`[+(]?\d(?:[\s().\-/]{0,3}\d){6,}`),
		day:    regexp.MustCompile(`\b(\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./-]\s?\d{1,2}[./-]\s?\d{4})\b`),
	}
})

// hasMention reports whether a text would notify people in a chat.
func hasMention(s string) bool { return compiled().mention.MatchString(plain(s)) }

// innerPhrases returns phrases about a model and its instructions, such as "as an AI". Customers must not see them.
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
