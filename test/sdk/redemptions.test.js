import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refused, voucherify } from './scrip.js'

const voucher = (code, more = {}) => voucherify.vouchers.create({
  code, type: 'DISCOUNT_VOUCHER', discount: { type: 'PERCENT', percent_off: 10 }, ...more,
})
const one = (id, more = {}) => ({ redeemables: [{ object: 'voucher', id }], ...more })

test('a voucher is validated, and validating changes nothing', async () => {
  await voucher('VALID-1')
  const yes = await voucherify.validations.validateVoucher('VALID-1', { order: { amount: 2000 } })
  assert.equal(yes.valid, true)
  assert.equal(yes.order.total_discount_amount, 200)
  assert.equal(yes.order.total_amount, 1800)
  const stack = await voucherify.validations.validateStackable(one('VALID-1', { order: { amount: 2000 } }))
  assert.equal(stack.valid, true)
  assert.equal(stack.redeemables[0].status, 'APPLICABLE')
  assert.equal(stack.order.total_amount, 1800)
  assert.equal((await voucherify.validations.validate('VALID-1', { order: { amount: 10 } })).valid, true)
  assert.equal((await voucherify.vouchers.get('VALID-1')).redemption.redeemed_quantity, 0)
})

test('a validation that says no says why, with 200', async () => {
  const unknown = await voucherify.validations.validateVoucher('NO-SUCH-CODE', {})
  assert.equal(unknown.valid, false)
  assert.equal(unknown.error.key, 'not_found')
  assert.ok(unknown.reason)
  await voucher('EXPIRED-1', { expiration_date: '2020-01-01T00:00:00Z' })
  const expired = await voucherify.validations.validateStackable(one('EXPIRED-1', { order: { amount: 2000 } }))
  assert.equal(expired.valid, false)
  assert.equal(expired.redeemables[0].status, 'INAPPLICABLE')
  assert.equal(expired.redeemables[0].result.error.key, 'voucher_expired')
})

test('a voucher is redeemed once, read and listed', async () => {
  await voucher('USE-1', { redemption: { quantity: 1 }, metadata: { colour: 'blue' } })
  const used = await voucherify.redemptions.redeem('USE-1', {
    customer: { source_id: 'ann', name: 'Ann', email: 'ann@example.com' },
    order: { source_id: 'order-1', amount: 5000, items: [
      { product_id: 'p1', quantity: 3, price: 1000, amount: 3000 }, { product_id: 'p2', quantity: 1, price: 2000, amount: 2000 },
    ], metadata: { channel: 'web' } },
    metadata: { till: 7 },
  })
  assert.match(used.id, /^r_/)
  assert.equal(used.object, 'redemption')
  assert.equal(used.result, 'SUCCESS')
  assert.equal(used.status, 'SUCCEEDED')
  assert.equal(used.order.total_discount_amount, 500)
  assert.equal(used.order.total_amount, 4500)
  assert.equal(used.voucher.redemption.redeemed_quantity, 1)
  assert.equal(used.customer.source_id, 'ann')
  await refused(voucherify.redemptions.redeem('USE-1', { order: { amount: 5000 } }), 400, 'quantity_exceeded')

  const read = await voucherify.redemptions.get(used.id)
  assert.equal(read.id, used.id)
  assert.equal(read.order.source_id, 'order-1')
  assert.equal(read.order.items.length, 2)
  assert.equal(read.metadata.till, 7)
  await refused(voucherify.redemptions.get('r_0000000000000000'), 404, 'not_found')

  const list = await voucherify.redemptions.list({ customer: used.customer_id, result: 'SUCCESS', limit: 10 })
  assert.equal(list.data_ref, 'redemptions')
  assert.equal(list.redemptions[0].id, used.id)
  const ofVoucher = await voucherify.redemptions.getForVoucher('USE-1')
  assert.equal(ofVoucher.data_ref, 'redemption_entries')
  assert.equal(ofVoucher.redemption_entries[0].id, used.id)
  assert.equal(ofVoucher.quantity, 1)
  assert.equal(ofVoucher.redeemed_quantity, 1)
})

test('a stack of one is redeemed and rolled back', async () => {
  await voucher('STACK-1', { redemption: { quantity: 1 } })
  const { redemptions, order, parent_redemption: parent } = await voucherify.redemptions.redeemStackable(
    one('STACK-1', { order: { amount: 999 }, customer: { source_id: 'bob' } }))
  assert.equal(redemptions.length, 1)
  assert.equal(parent, undefined)
  assert.equal(order.total_discount_amount, 100)
  const { rollbacks } = await voucherify.redemptions.rollbackStackable(redemptions[0].id)
  assert.equal(rollbacks.length, 1)
  assert.equal(rollbacks[0].redemption, redemptions[0].id)
  assert.equal((await voucherify.vouchers.get('STACK-1')).redemption.redeemed_quantity, 0)
  assert.equal((await voucherify.redemptions.redeem('STACK-1', { order: { amount: 999 } })).result, 'SUCCESS')
})

test('a rollback gives everything back, once', async () => {
  await voucher('BACK-1', { redemption: { quantity: 1 } })
  const used = await voucherify.redemptions.redeem('BACK-1', { order: { amount: 1000 } })
  const back = await voucherify.redemptions.rollback(used.id, { reason: 'order cancelled' })
  assert.equal(back.object, 'redemption_rollback')
  assert.equal(back.redemption, used.id)
  assert.equal(back.reason, 'order cancelled')
  assert.equal((await voucherify.redemptions.get(used.id)).status, 'ROLLED_BACK')
  await refused(voucherify.redemptions.rollback(used.id, 'again'), 400, 'already_rolled_back')
  const entries = await voucherify.redemptions.getForVoucher('BACK-1')
  assert.deepEqual(entries.redemption_entries.map((e) => e.object).sort(), ['redemption', 'redemption_rollback'])
  assert.equal(entries.redeemed_quantity, 0)
})

test('a gift card pays what it can', async () => {
  await voucherify.vouchers.create({ code: 'PAY-1', type: 'GIFT_VOUCHER', gift: { amount: 3000 } })
  const part = await voucherify.redemptions.redeemStackable({
    redeemables: [{ object: 'voucher', id: 'PAY-1', gift: { credits: 1000 } }], order: { amount: 5000 },
  })
  assert.equal(part.order.total_discount_amount, 1000)
  const rest = await voucherify.redemptions.redeemStackable(one('PAY-1', { order: { amount: 5000 } }))
  assert.equal(rest.order.total_discount_amount, 2000)
  await refused(voucherify.redemptions.redeemStackable({
    redeemables: [{ object: 'voucher', id: 'PAY-1', gift: { credits: 1 } }], order: { amount: 5000 },
  }), 400, 'gift_amount_exceeded')
  await voucherify.redemptions.rollback(rest.redemptions[0].id, 'returned')
  assert.equal((await voucherify.vouchers.get('PAY-1')).gift.balance, 2000)
})

test('discounts of every kind', async () => {
  const total = async (code, discount, order, want) => {
    await voucherify.vouchers.create({ code, type: 'DISCOUNT_VOUCHER', discount })
    const { order: got } = await voucherify.redemptions.redeemStackable(one(code, { order }))
    assert.equal(got.total_amount, want, `${code}: ${JSON.stringify(got)}`)
    assert.equal(got.total_amount, got.amount - got.total_discount_amount)
  }
  await total('KIND-AMOUNT', { type: 'AMOUNT', amount_off: 300 }, { amount: 1000 }, 700)
  await total('KIND-MORE', { type: 'AMOUNT', amount_off: 3000 }, { amount: 1000 }, 0)
  await total('KIND-CAP', { type: 'PERCENT', percent_off: 50, amount_limit: 200 }, { amount: 1000 }, 800)
  await total('KIND-FIXED', { type: 'FIXED', fixed_amount: 250 }, { amount: 1000 }, 250)
})

test('more than one redeemable, a session and an unknown code', async () => {
  await voucher('LIMITS-1')
  await refused(voucherify.redemptions.redeemStackable({
    redeemables: [{ object: 'voucher', id: 'LIMITS-1' }, { object: 'voucher', id: 'LIMITS-2' }], order: { amount: 100 },
  }), 400, 'not_supported')
  await refused(voucherify.validations.validateStackable(one('LIMITS-1', { session: { type: 'LOCK' } })), 400, 'not_supported')
  await refused(voucherify.redemptions.redeem('NO-SUCH-CODE', {}), 404, 'not_found')
  await refused(voucherify.redemptions.redeem('LIMITS-1', { order: { amount: -5 } }), 400, 'invalid_amount')
})
