package shard

import (
	"fmt"

	"github.com/scrip-engine/scrip/coupon"
)

// Verify reads a command as Apply would, without applying it. Whoever proposes
// asks first: a command that cannot be understood once it is committed stops the
// group, and no request of a caller may do that (R6). Errors wrap ErrFormat.
func Verify(cmd []byte) error {
	var h Header
	body, err := DecodeHeader(cmd, &h)
	if err != nil {
		return err
	}
	if err := verifyBody(h.Kind, body); err != nil {
		return fmt.Errorf("%v: %w", h.Kind, err)
	}
	return nil
}

func verifyBody(kind Kind, body []byte) error {
	switch kind {
	case KindRedeem:
		return verifyRedeem(body)
	case KindRollback:
		return decodeRollback(body, new(Rollback))
	case KindCreate:
		q := new(Create)
		if err := decodeCreate(body, q); err != nil {
			return err
		}
		return verifyCodes(q.Rules, []NewCode{q.Code})
	case KindImport:
		q := new(Import)
		if err := decodeImport(body, q); err != nil {
			return err
		}
		return verifyCodes(q.Rules, q.Codes)
	case KindEnable:
		return decodeEnable(body, new(Enable))
	case KindUpdate:
		return decodeUpdate(body, new(Update))
	case KindDelete:
		return decodeDelete(body, new(Delete))
	case KindBalance:
		return decodeBalance(body, new(Balance))
	case KindFence:
		return decodeFence(body, new(Fence))
	case KindCustomer:
		return decodeCustomer(body, new(Customer))
	case KindForget:
		return decodeForget(body, new(Forget))
	case KindTune:
		return decodeTune(body, new(Tune))
	case KindClaim:
		return decodeClaim(body, new(Claim))
	case KindSeal:
		return decodeSeal(body, new(Seal))
	case KindCampaign:
		return decodeCampaign(body, new(Campaign))
	}
	return fmt.Errorf("kind %d: %w", kind, ErrFormat)
}

// verifyCodes folds every text, which Apply will do too.
func verifyCodes(rules coupon.CodeRules, codes []NewCode) error {
	var folded []byte
	for i := range codes {
		var err error
		if folded, err = rules.AppendFolded(folded[:0], codes[i].Issued); err != nil {
			return fmt.Errorf("text of code %d: %w", i, ErrFormat)
		}
	}
	return nil
}
