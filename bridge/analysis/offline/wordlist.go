package offline

import "strings"

// This file lists words that help to decide what a number near them is: "invoice no 4711", "at 5 pm". Each list has the words
// of all eight languages, folded (in lower case and without accents), or in capitals if only capitals count.

// wordList is a list of words, each with a space before and after it.
type wordList string

// has reports whether a word is in the list.
func (l wordList) has(word string) bool {
	return word != "" && strings.Contains(string(l), " "+word+" ")
}

// Words before a number.
const (
	// marks announce any number: "no. 4711".
	marks wordList = " no nr nº numero number num nummer numer id ref n nro numeru numerem numerze "
	// codeWords announce the code of a door or a booking.
	codeWords wordList = " code codice codigo kod "
	// accountWords announce a bank account.
	accountWords wordList = " konto conto rekening "
	// orderPrepositions may precede an order: "in 6614", "op die 8841".
	orderPrepositions wordList = " in on to from for of bei aus zu von fur dans sur pour en del al para no na do da nel nella " +
		"dal dalla sul sulla bij uit van voor op w z dla przy "
	// partPrepositions connect a part or a topic to a number: "the article in 88213".
	partPrepositions wordList = " of in about for regarding re aus von de zu zur bei fur wegen du pour dans concernant del " +
		"para sobre do da dal dalla per nel van uit voor over z ze dla od "
	// taxes precede an invoice: "the VAT on 26-0093".
	taxes wordList = " vat mwst ust tva iva btw "
	// transfers precede an amount of money.
	transfers wordList = " transferred wired vire transferi bonificato przelalem przelalam "
	// oppositions contrast two numbers of the same kind: "12345, not 12346".
	oppositions wordList = " not nicht non no nao niet nie statt of de pas van zamiast "
	// genitives connect "number" with a noun: "número de colegiado".
	genitives wordList = " de d di del della dell do da du des der van "
	// noNames aren't nouns, so that "number" after them isn't the number of something.
	noNames wordList = " the my your our its his her their a an this that which what same right wrong new old full long short whole " +
		"correct other second first last following with under by and or of for from on at to as in have has got any no " +
		"one only hi hello here heres is was about regarding re s "
	articles wordList = " the der die das den dem la le el il o a de het "
	// determiners precede a single thing that is known: "my 3318 quote".
	determiners wordList = " the my our your this that der die das dem meine unsere ihre de het mijn onze jullie uw deze dit "
)

// Hours, days and places.
const (
	// hourPrepositions often precede a time of day.
	hourPrepositions wordList = " at by until till before um bis vor ab las alle entro om voor vanaf godz godzinie godziny ate as "
	// hourUnits follow an hour: "5 pm", "17 Uhr".
	hourUnits wordList = " uhr h pm am uur oclock heures horas hs ore rano sharp "
	// dayPrepositions may precede the day of a date: "on 12".
	dayPrepositions wordList = " am le el dia il op de the on den "
	// abbreviated words have a full stop that doesn't end a sentence.
	abbreviated wordList = " nr no num bzw ca ggf usw mr mrs dr sr sra mme dhr mevr approx tel ref rif "
	// streets are the first or last words of street names.
	streets wordList = " street road avenue lane rue via viale corso piazza calle avenida paseo plaza rua travessa ul ulica aleja "
)

// Capitals before digits.
const (
	// numberLetters announce a reference without any other word. If they mean something else, no digits follow.
	numberLetters wordList = " WO SO OC OT FV FT FS NC ORD INV RMA TKT PNR FAC FRA PED CMD "
	// countries precede a tax number or a size.
	countries wordList = " GB DE FR ES PT IT NL PL AT BE IE UK US EU "
	// foreignLetters aren't part of a reference: currencies, and abbreviations before phone numbers, postcodes and the like.
	foreignLetters wordList = " EUR USD GBP PLN CHF BRL TEL FAX CAP PLZ CEP NIP CP KW PIN BIC BLZ GB DE FR ES PT IT NL PL " +
		"AT BE IE DDT UPS DHL DPD GLS TNT BRT SDA CTT MRW USPS "
	// norms precede the number of a technical standard: "EN 455".
	norms        wordList = " EN ISO DIN UNI UNE NEN PN BS NBR IEC VDE IP RAL ASTM ABNT "
	clothesSizes wordList = " S M L XS XL XXL "
)

// The prefixes of references: "INV-1183".
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
