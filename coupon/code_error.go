package coupon

// CodeReason says why a text is no code.
type CodeReason uint8

const (
	CodeEmpty        CodeReason = iota + 1 // nothing is left after trimming
	CodeTooLong                            // above CodePointsMax or CodeBytesMax, issued or folded
	CodeNotUTF8                            // not valid UTF-8
	CodeControl                            // a control character or a line separator
	CodeFormat                             // an invisible format character
	CodePrivate                            // a private-use character
	CodeUnassigned                         // not assigned in the Unicode version of the rules
	CodeReserved                           // a word that the API uses in a code's place
	CodeRulesUnknown                       // the project's rules are of a later version
)

// CodeError is a text that is no code. Errors of one reason are one value.
type CodeError struct{ Reason CodeReason }

// Key is the documented error key.
func (*CodeError) Key() string { return "invalid_code" }

func (e *CodeError) Error() string {
	switch e.Reason {
	case CodeEmpty:
		return "the code is empty"
	case CodeTooLong:
		return "the code is longer than 128 characters or 512 bytes"
	case CodeNotUTF8:
		return "the code is not valid UTF-8"
	case CodeControl:
		return "the code contains a control character or a line break"
	case CodeFormat:
		return "the code contains an invisible format character"
	case CodePrivate:
		return "the code contains a private-use character"
	case CodeUnassigned:
		return "the code contains a character that is not assigned in Unicode " + UnicodeVersion
	case CodeReserved:
		return "the code is a word that the API reserves"
	case CodeRulesUnknown:
		return "the project's code rules are of a version that this program does not know"
	}
	return "the code is invalid"
}

// codeErrors has the one value of each reason, so refusing allocates nothing.
var codeErrors = [...]*CodeError{
	CodeEmpty:        {CodeEmpty},
	CodeTooLong:      {CodeTooLong},
	CodeNotUTF8:      {CodeNotUTF8},
	CodeControl:      {CodeControl},
	CodeFormat:       {CodeFormat},
	CodePrivate:      {CodePrivate},
	CodeUnassigned:   {CodeUnassigned},
	CodeReserved:     {CodeReserved},
	CodeRulesUnknown: {CodeRulesUnknown},
}
