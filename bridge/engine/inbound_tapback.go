package engine

import (
	"context"
	"strings"
	"unicode"

	"github.com/jackc/pgx/v5"

	"parley/channels"
	"parley/store"
)

// A phone that can't send an emoji on a message, as in SMS, sends a text in its own language that quotes the message:
//
//	Liked “Yes, from 10 to 14.”
//	Hat mit 😮 auf „Yes, from…“ reagiert
//
// Such a text is a reaction if it quotes a message of ours. Otherwise it is a message like any other.

// tapback is what such a text says.
type tapback struct {
	emoji     string // "" if it was taken back
	quoted    string // the letters of the quote: see lettersOf
	shortened bool   // the quote is only the beginning
}

// tapbackPhrases returns the phrases of phones by the emoji that they mean. % stands for the quoted text. # stands for any emoji,
// also as a key. The key "" is for emoji that are taken back.
func tapbackPhrases() map[string][]string {
	return map[string][]string{
		"👍": {
			`Liked "%"`, `Gefällt mir "%"`, `Gefällt mir: "%"`, `Gefällt "%"`, `Gefällt: "%"`, `A aimé "%"`, `J'aime "%"`,
			`A ajouté un "J'aime" à "%"`, `A attribué la mention "J'aime" à "%"`, `Le gustó "%"`, `Le gusta "%"`, `Le ha gustado "%"`,
			`Piace "%"`, `Ha messo "Mi piace" a "%"`, `Ha messo Mi piace a "%"`, `Curtiu "%"`, `Gostou de "%"`, `Vindt "%" leuk`,
			`Vond "%" leuk`, `Polubił "%"`, `Polubiła "%"`,
		},
		"❤️": {
			`Loved "%"`, `Liebt "%"`, `Liebt: "%"`, `"%" ein Herz hinzugefügt`, `Hat "%" mit einem Herz markiert`, `A adoré "%"`,
			`A attribué la mention "Adore" à "%"`, `Le encantó "%"`, `Le encanta "%"`, `Le ha encantado "%"`, `Adora "%"`, `Ha adorato "%"`,
			`Amou "%"`, `Adorou "%"`, `Vindt "%" geweldig`, `Is dol op "%"`, `Pokochał "%"`, `Pokochała "%"`,
		},
		"👎": {
			`Disliked "%"`, `Gefällt mir nicht "%"`, `Gefällt mir nicht: "%"`, `Gefällt nicht "%"`, `Gefällt nicht: "%"`, `N'a pas aimé "%"`,
			`N'aime pas "%"`, `No le gustó "%"`, `No le gusta "%"`, `No le ha gustado "%"`, `Non piace "%"`, `Não curtiu "%"`,
			`Não gostou de "%"`, `Vindt "%" niet leuk`, `Vond "%" niet leuk`, `Znielubił "%"`,
		},
		"😂": {
			`Laughed at "%"`, `Lacht über "%"`, `Hat über "%" gelacht`, `"%" ein Lachen hinzugefügt`, `A ri de "%"`, `A ri à "%"`,
			`Le dio risa "%"`, `Se rio de "%"`, `Se ha reído de "%"`, `Ha riso per "%"`, `Ride per "%"`, `Riu de "%"`, `Riu-se de "%"`,
			`Moest lachen om "%"`, `Lacht om "%"`, `Zaśmiał się z "%"`,
		},
		"‼️": {
			`Emphasized "%"`, `Emphasised "%"`, `Hebt hervor "%"`, `Hat "%" hervorgehoben`, `"%" ein Ausrufezeichen hinzugefügt`,
			`A mis en évidence "%"`, `A souligné "%"`, `A insisté sur "%"`, `Enfatizó "%"`, `Exclamó por "%"`, `Destacó "%"`,
			`Ha enfatizzato "%"`, `Enfatizou "%"`, `Destacou "%"`, `Benadrukte "%"`, `Podkreślił "%"`,
		},
		"❓": {
			`Questioned "%"`, `Hinterfragt "%"`, `Hat "%" hinterfragt`, `"%" ein Fragezeichen hinzugefügt`, `A posé une question sur "%"`,
			`A mis en doute "%"`, `S'est interrogé sur "%"`, `Dudó sobre "%"`, `Cuestionó "%"`, `Ha messo in dubbio "%"`, `Questionou "%"`,
			`Twijfelt over "%"`, `Plaatste een vraagteken bij "%"`, `Zakwestionował "%"`,
		},
		"#": {
			`Reacted # to "%"`, `Reacted with # to "%"`, `# to "%"`, `Hat mit # auf "%" reagiert`, `Hat # auf "%" reagiert`,
			`Reagierte mit # auf "%"`, `A réagi avec # à "%"`, `A réagi # à "%"`, `Reaccionó con # a "%"`, `Reaccionó # a "%"`,
			`Ha reaccionado con # a "%"`, `Ha reagito con # a "%"`, `Reagiu com # a "%"`, `Reageerde met # op "%"`, `Heeft met # op "%" gereageerd`,
			`Zareagował # na "%"`, `Zareagowała # na "%"`,
		},
		"": {
			`Removed # from "%"`, `Removed a heart from "%"`, `Removed a like from "%"`, `Removed a dislike from "%"`, `Removed a laugh from "%"`,
			`Removed an exclamation from "%"`, `Removed an emphasis from "%"`, `Removed a question mark from "%"`, `# aus "%" entfernt`,
			`# von "%" entfernt`, `Herz von "%" entfernt`, `"Gefällt mir" von "%" entfernt`, `"Gefällt mir nicht" von "%" entfernt`,
			`Lachen von "%" entfernt`, `Ausrufezeichen von "%" entfernt`, `Fragezeichen von "%" entfernt`, `A retiré # de "%"`,
			`A retiré la réaction # à "%"`, `A retiré un cœur de "%"`, `A retiré un "J'aime" de "%"`, `A retiré un J'aime de "%"`,
			`A supprimé un cœur de "%"`, `A supprimé un "J'aime" de "%"`, `Quitó # de "%"`, `Eliminó # de "%"`, `Eliminó un me gusta de "%"`,
			`Eliminó un corazón de "%"`, `Ha rimosso # da "%"`, `Ha rimosso un "Mi piace" da "%"`, `Ha rimosso un cuore da "%"`,
			`Removeu # de "%"`, `Removeu uma curtida de "%"`, `Removeu um coração de "%"`, `# verwijderd van "%"`, `Heeft # verwijderd van "%"`,
			`Usunął # z "%"`, `Usunął polubienie z "%"`, `Usunął serce z "%"`,
		},
	}
}

// parseTapback reads what a text says as a tapback.
func parseTapback(text string) (tapback, bool) {
	text = plainQuotes(text)
	if !strings.HasSuffix(text, `"`) && !strings.Contains(text, `" `) {
		return tapback{}, false // as nearly all texts
	}
	for emoji, phrases := range tapbackPhrases() {
		for _, phrase := range phrases {
			shown, quoted, ok := matchPhrase(phrase, text)
			if !ok || strings.Contains(phrase, "#") && isNoEmoji(shown) {
				continue
			}
			if emoji == "#" {
				emoji = shown
			}
			quoted = strings.TrimSpace(quoted)
			said := tapback{emoji: emoji, quoted: lettersOf(quoted)}
			said.shortened = strings.HasSuffix(quoted, "…") || strings.HasSuffix(quoted, "...")
			return said, said.quoted != ""
		}
	}
	return tapback{}, false
}

// plainQuotes returns a text with one kind of quotation marks, without Markdown's escapes and what nobody sees.
func plainQuotes(text string) string {
	text = strings.NewReplacer("« ", `"`, " »", `"`, "«\u00a0", `"`, "\u00a0»", `"`, "«\u202f", `"`, "\u202f»", `"`).Replace(text)
	text = strings.Map(func(r rune) rune {
		switch {
		case strings.ContainsRune("“”„‟«»「」『』", r):
			return '"'
		case r == '’':
			return '\''
		case r == '\\', unicode.Is(unicode.Cf, r) && r != '\u200d': // that one joins the people of an emoji
			return -1
		}
		return r
	}, text)
	return strings.Join(strings.Fields(text), " ")
}

// matchPhrase returns what stands in a text for the # and % of a phrase. ok is false if the text has other words.
func matchPhrase(phrase, text string) (emoji, quoted string, ok bool) {
	first, last := strings.IndexAny(phrase, "#%"), strings.LastIndexAny(phrase, "#%")
	before, between, after := phrase[:first], phrase[min(first+1, last):last], phrase[last+1:]
	isOther := len(text) < len(before)+len(after) ||
		!strings.EqualFold(text[:len(before)], before) || !strings.EqualFold(text[len(text)-len(after):], after)
	if isOther {
		return "", "", false
	}

	text = text[len(before) : len(text)-len(after)]
	if first == last {
		return "", text, true
	}
	emoji, quoted, ok = strings.Cut(text, between) // in all phrases the emoji comes first
	return emoji, quoted, ok
}

// isNoEmoji reports whether what stands in the place of an emoji is none.
func isNoEmoji(text string) bool {
	return strings.TrimSpace(text) == "" || strings.ContainsFunc(text, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsSpace(r) })
}

// lettersOf returns the letters, digits and pictures of a text, by which texts are compared: phones and providers change spaces and
// punctuation marks, and formatting is lost on the way.
func lettersOf(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.Is(unicode.So, r) {
			return r
		}
		return -1
	}, text)
}

// minShortened is how many bytes of letters the beginning of a message must have to stand for it.
const minShortened = 8

// quotes reports whether a tapback quotes a text, which left with a signature.
func (tb tapback) quotes(text, signature string) bool {
	sent := lettersOf(text + signature)
	isBeginning := tb.shortened && len(tb.quoted) >= minShortened && strings.HasPrefix(sent, tb.quoted)
	return tb.quoted == lettersOf(text) || tb.quoted == sent || isBeginning
}

// maxTapbackAge is how many of a conversation's latest messages a tapback may quote.
const maxTapbackAge = 100

// readTapback makes a text in a chat a reaction if it is a tapback that quotes a message of ours.
func (w *work) readTapback(ctx context.Context, tx pgx.Tx, a *store.Account, in *channels.Inbound) error {
	isText := in.Kind == channels.InboundMessage && in.Change.Target == "" && len(in.Attachments) == 0
	if !isText || w.Caps(a.ID).Threads {
		return nil
	}
	said, ok := parseTapback(in.Text)
	c := w.ConversationOf(a, *in)
	if !ok || c == nil {
		return nil
	}

	latest, err := store.LatestMessages(ctx, tx, []store.ConversationID{c.ID}, maxTapbackAge)
	if err != nil {
		return err
	}
	signature, _ := SignatureOf(a, c.Via, nil, false)
	for _, m := range latest {
		known := w.Messages.Rows[m.ID]
		if known == nil {
			known = &Message{Message: m}
		}
		if m.Direction != store.DirectionOut || known.ExternalID == "" || !said.quotes(m.Text, signature) {
			continue
		}
		w.Messages.Rows[m.ID] = known
		in.Kind = channels.InboundReaction
		in.Change = channels.Change{Target: known.ExternalID, Emoji: said.emoji}
		in.Answers.Message = int64(m.ID)
		return nil
	}
	return nil
}
