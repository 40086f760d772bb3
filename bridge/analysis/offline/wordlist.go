package offline

import "strings"

// Some words tell what a number near them is, or what it isn't. They stand here in all languages that are read, folded as the words
// of a text are, or in capitals where only capitals count.

// wordList is a list of words with a space before and behind each.
type wordList string

// has reports whether a word is in the list.
func (l wordList) has(word string) bool {
	return word != "" && strings.Contains(string(l), " "+word+" ")
}

// Words before a number, or before what it is of.
const (
	// marks: a number follows.
	marks wordList = " no nr nº numero number num nummer numer id ref n nro numeru numerem numerze "
	// codeWords: a door's code follows, or a booking's.
	codeWords wordList = " code codice codigo kod "
	// accountWords: an account follows, rather than what is ours.
	accountWords wordList = " konto conto rekening "
	// orderPrepositions: an order may follow, of which something is said: "in 6614", "op die 8841".
	orderPrepositions wordList = " in on to from for of bei aus zu von fur dans sur pour en del al para no na do da nel nella " +
		"dal dalla sul sulla bij uit van voor op w z dla przy "
	// partPrepositions: the number of a whole may follow a part of it (isPartOf).
	partPrepositions wordList = " of in about for regarding re aus von de zu zur bei fur wegen du pour dans concernant del " +
		"para sobre do da dal dalla per nel van uit voor over z ze dla od "
	// taxes: what is asked for in an invoice: "the VAT on 26-0093".
	taxes wordList = " vat mwst ust tva iva btw "
	// transfers: a sum of money follows.
	transfers wordList = " transferred wired vire transferi bonificato przelalem przelalam "
	// oppositions: a number of the same sort stands before them: "12345, not 12346".
	oppositions wordList = " not nicht non no nao niet nie statt of de pas van zamiast "
	// genitives: "número de colegiado".
	genitives wordList = " de d di del della dell do da du des der van "
	// noNames: no noun that "number" may belong to.
	noNames wordList = " the my your our its his her their a an this that which what same right wrong new old full long short whole " +
		"correct other second first last following with under by and or of for from on at to as in have has got any no " +
		"one only hi hello here heres is was about regarding re s "
	articles wordList = " the der die das den dem la le el il o a de het "
	// determiners: one thing follows that was named before.
	determiners wordList = " the my our your this that der die das dem meine unsere ihre de het mijn onze jullie uw deze dit "
)

// Hours, days and places.
const (
	// hourPrepositions: an hour of the day often follows.
	hourPrepositions wordList = " at by until till before um bis vor ab las alle entro om voor vanaf godz godzinie godziny ate as "
	// hourUnits: the number before them is an hour: "5 pm", "17 Uhr".
	hourUnits wordList = " uhr h pm am uur oclock heures horas hs ore rano sharp "
	// dayPrepositions: the day of a date may follow.
	dayPrepositions wordList = " am le el dia il op de the on den "
	// abbreviated: a dot behind them ends no sentence.
	abbreviated wordList = " nr no num bzw ca ggf usw mr mrs dr sr sra mme dhr mevr approx tel ref rif "
	// streets: the name of a street begins or ends with them.
	streets wordList = " street road avenue lane rue via viale corso piazza calle avenida paseo plaza rua travessa ul ulica aleja "
)

// Capitals before digits.
const (
	// numberLetters: they announce a number, also where no other word does. Where they stand for something else, no digits follow.
	numberLetters wordList = " WO SO OC OT FV FT FS NC ORD INV RMA TKT PNR FAC FRA PED CMD "
	// countries: a number for taxes follows, or a size.
	countries wordList = " GB DE FR ES PT IT NL PL AT BE IE UK US EU "
	// foreignLetters: money, a telephone, a postcode, a number for taxes, a paper's name or a carrier: they are no part of a reference.
	foreignLetters wordList = " EUR USD GBP PLN CHF BRL TEL FAX CAP PLZ CEP NIP CP KW PIN BIC BLZ GB DE FR ES PT IT NL PL " +
		"AT BE IE DDT UPS DHL DPD GLS TNT BRT SDA CTT MRW USPS "
	// norms: a standard that something meets.
	norms        wordList = " EN ISO DIN UNI UNE NEN PN BS NBR IEC VDE IP RAL ASTM ABNT "
	clothesSizes wordList = " S M L XS XL XXL "
)

// The beginning of a number.
const (
	orderPrefixes wordList = " ORD ORDER SO BEST CMD CDE PED ZAM ENC OR WO BK RES RSV PNR LOC ZK ZL BC WEB OC OT OS ZS ZO " +
		"BDC BST AUF JOB PO ORDEN PEDIDO ZLEC "
	invoicePrefixes wordList = " INV RE RG RN FAC FACT FV FA FAT FT RECH FACTUUR CN NC FRA FS FR AV GS KFS KFV FVK FVS SINV FAKT FATTURA " +
		"FAKTURA INVOICE RECHNUNG "
	quotePrefixes wordList = " QUO QUOTE QT Q AN ANG KV OFF OFR DEV OFE ORC PREV OFFERTE KVA PRE EST OF PF PRP PROP PRES PPTO COT DEVIS " +
		"ANGEBOT OFERTA RFQ "
	ticketPrefixes   wordList = " TICKET TCK TKT TK CASE INC SUP REQ CS RMA SR RET RTN RT SAV TICK HELP ISSUE REKL SRV RMS EXPTE "
	shipmentPrefixes wordList = " JJD JVGL DHL GLS DPD UPS SHP TRK DDT LDV LS ALB AWB CMR SHIP TRACK "
)
