import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { done, refused, sum, voucherify } from './scrip.js'

const tenOff = { type: 'AMOUNT', amount_off: 1000 }

test('a voucher is created, read, changed, switched and deleted', async () => {
  const made = await voucherify.vouchers.create({
    code: 'LIFE-1', type: 'DISCOUNT_VOUCHER', discount: tenOff, redemption: { quantity: 3 },
    start_date: '2020-01-01T00:00:00Z', expiration_date: '2099-12-31T23:59:59.999Z',
    additional_info: 'from the SDK', metadata: { shop: 'Ulm', rank: 7, open: true },
  })
  assert.match(made.id, /^v_/)
  assert.equal(made.object, 'voucher')
  assert.equal(made.active, true)
  assert.deepEqual(made.discount.amount_off, 1000)
  assert.equal(made.redemption.quantity, 3)
  assert.equal(made.redemption.redeemed_quantity, 0)
  assert.equal(made.expiration_date, '2099-12-31T23:59:59.999Z')

  const read = await voucherify.vouchers.get('LIFE-1')
  assert.deepEqual(read.metadata, { shop: 'Ulm', rank: 7, open: true })
  assert.equal((await voucherify.vouchers.get(made.id)).code, 'LIFE-1')
  assert.equal((await voucherify.vouchers.get(' life-1 ')).id, made.id)

  const changed = await voucherify.vouchers.update({
    code: 'LIFE-1', additional_info: 'changed', metadata: { shop: 'Bonn' }, expiration_date: '2098-01-01T00:00:00Z',
  })
  assert.equal(changed.additional_info, 'changed')
  assert.equal(changed.metadata.shop, 'Bonn')
  assert.equal(changed.expiration_date, '2098-01-01T00:00:00.000Z')
  assert.equal(changed.redemption.quantity, 3)

  assert.equal((await voucherify.vouchers.disable('LIFE-1')).active, false)
  await refused(voucherify.redemptions.redeem('LIFE-1'), 400, 'voucher_disabled')
  assert.equal((await voucherify.vouchers.enable('LIFE-1')).active, true)

  await voucherify.vouchers.delete('LIFE-1', { force: true })
  await refused(voucherify.vouchers.get('LIFE-1'), 404, 'not_found')
})

test('a code is drawn when none is given, by its configuration', async () => {
  const drawn = await voucherify.vouchers.create({
    type: 'DISCOUNT_VOUCHER', discount: { type: 'PERCENT', percent_off: 12.5, amount_limit: 500 },
    code_config: { pattern: 'SPRING-####-##', charset: '23456789' },
  })
  assert.match(drawn.code, /^SPRING-[2-9]{4}-[2-9]{2}$/)
  assert.equal(drawn.discount.percent_off, 12.5)
  assert.equal(drawn.discount.amount_limit, 500)
})

test('a code exists once', async () => {
  await voucherify.vouchers.create({ code: 'ONCE', type: 'DISCOUNT_VOUCHER', discount: tenOff })
  await refused(voucherify.vouchers.create({ code: 'once', type: 'DISCOUNT_VOUCHER', discount: tenOff }), 409, 'duplicate_found')
})

test('a code may hold what a path may not', async () => {
  const code = 'A/B ü?#%'
  const made = await voucherify.vouchers.create({ code, type: 'DISCOUNT_VOUCHER', discount: tenOff })
  assert.equal(made.code, code)
  assert.equal((await voucherify.vouchers.get(code)).id, made.id)
})

test('vouchers are listed by campaign, by page and to the end', async () => {
  await voucherify.campaigns.create({
    name: 'listed', campaign_type: 'DISCOUNT_COUPONS', type: 'STATIC', voucher: { type: 'DISCOUNT_VOUCHER', discount: tenOff },
  })
  for (let i = 0; i < 7; i++) await voucherify.campaigns.addCertainVoucher('listed', `LISTED-${i}`)
  const seen = new Set()
  for (let page = 1; ; page++) {
    const list = await voucherify.vouchers.list({ campaign: 'listed', limit: 3, page })
    assert.equal(list.object, 'list')
    assert.equal(list.data_ref, 'vouchers')
    assert.equal(list.total, 7)
    assert.equal(list.has_more, page < 3)
    list.vouchers.forEach((v) => seen.add(v.code))
    if (list.vouchers.length === 0) break
  }
  assert.equal(seen.size, 7)
})

test('vouchers are imported as JSON, and each row that fails says why', async () => {
  await voucherify.vouchers.create({ code: 'IMPORT-OLD', type: 'DISCOUNT_VOUCHER', discount: tenOff })
  const { result } = await done(await voucherify.vouchers.import([
    { code: 'IMPORT-A', type: 'DISCOUNT_VOUCHER', discount: tenOff, metadata: { from: 'import' } },
    { code: 'IMPORT-B', type: 'GIFT_VOUCHER', gift: { amount: 5000 }, redemption: { quantity: null } },
    { code: 'IMPORT-OLD', type: 'DISCOUNT_VOUCHER', discount: tenOff },
  ]))
  assert.equal(result.done_count, 2)
  assert.equal(result.failed_count, 1)
  assert.equal(result.failed[0].code, 'IMPORT-OLD')
  assert.match(result.failed[0].reason, /duplicate_found/)
  assert.equal((await voucherify.vouchers.get('IMPORT-A')).metadata.from, 'import')
  assert.equal((await voucherify.vouchers.get('IMPORT-B')).gift.balance, 5000)
})

test('vouchers are imported from a CSV file', async (t) => {
  const dir = await mkdtemp(join(tmpdir(), 'scrip-'))
  t.after(() => rm(dir, { recursive: true }))
  const file = join(dir, 'codes.csv')
  await writeFile(file, '\ufeffCode,Voucher Type,Value,Discount Type,Colour\r\nCSV-1,DISCOUNT_VOUCHER,10,AMOUNT,"blue, dark"\r\nCSV-2,DISCOUNT_VOUCHER,25,PERCENT,red\r\n')
  const action = await done(await voucherify.vouchers.importCSV(file))
  assert.equal(action.result.done_count, 2, JSON.stringify(action))
  assert.equal((await voucherify.vouchers.get('CSV-1')).metadata.Colour, 'blue, dark')
  assert.equal((await voucherify.vouchers.get('CSV-2')).discount.percent_off, 25)
})

test('a gift card has a balance and a ledger that sums up to it', async () => {
  await voucherify.vouchers.create({ code: 'GIFT-1', type: 'GIFT_VOUCHER', gift: { amount: 10000 } })
  const added = await voucherify.vouchers.balance.create('GIFT-1', { amount: 2500, source_id: 'till-7' })
  assert.equal(added.object, 'balance')
  assert.equal(added.balance, 12500)
  await refused(voucherify.vouchers.balance.create('GIFT-1', { amount: -99999 }), 400, 'invalid_amount')
  assert.equal((await voucherify.vouchers.balance.create('GIFT-1', { amount: -500 })).balance, 12000)
  await voucherify.redemptions.redeem('GIFT-1', { order: { amount: 3000 }, gift: { credits: 2000 } })

  const ledger = await voucherify.vouchers.listTransactions('GIFT-1', { limit: 100 })
  assert.equal(ledger.data_ref, 'data')
  const types = ledger.data.map((entry) => entry.type)
  for (const type of ['CREDITS_ADDITION', 'CREDITS_REMOVAL', 'CREDITS_REDEMPTION']) assert.ok(types.includes(type), `${type} in ${types}`)
  assert.equal((await voucherify.vouchers.get('GIFT-1')).gift.balance, 10000)
  const first = ledger.data.find((entry) => entry.source_id === 'till-7')
  assert.equal(first.details.balance.amount, 2500)
  assert.equal(sum(ledger.data, (entry) => entry.details.balance.amount), 10000)
})

test('what Scrip does not serve says so', async () => {
  await refused(voucherify.loyalties.list(), 404, 'not_supported')
  await refused(voucherify.products.list(), 404, 'not_supported')
  await refused(voucherify.vouchers.qualifications.examine({}), 404, 'not_supported')
  await refused(voucherify.distributions.publications.list(), 404, 'not_supported')
  await refused(voucherify.vouchers.create({
    code: 'NIGHT', type: 'DISCOUNT_VOUCHER', discount: tenOff, validity_day_of_week: [1, 2],
  }), 400, 'not_supported')
  await refused(voucherify.vouchers.get('NIGHT'), 404, 'not_found')
})
