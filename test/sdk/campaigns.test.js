import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { done, refused, voucherify } from './scrip.js'

const campaign = (name, more = {}) => ({
  name, campaign_type: 'DISCOUNT_COUPONS', type: 'AUTO_UPDATE',
  voucher: {
    type: 'DISCOUNT_VOUCHER', discount: { type: 'PERCENT', percent_off: 20 }, redemption: { quantity: 1 },
    code_config: { pattern: `${name.toUpperCase()}-#######` },
  },
  ...more,
})

test('a campaign is created, read, changed, listed, switched and deleted', async () => {
  const made = await voucherify.campaigns.create(campaign('life', {
    description: 'first', start_date: '2020-01-01T00:00:00Z', expiration_date: '2099-01-01T00:00:00Z', metadata: { team: 'growth' },
  }))
  assert.match(made.id, /^camp_/)
  assert.equal(made.object, 'campaign')
  assert.equal(made.active, true)
  assert.equal(made.vouchers_generation_status, 'DONE')

  assert.equal((await voucherify.campaigns.get('life')).id, made.id)
  assert.equal((await voucherify.campaigns.get(made.id)).metadata.team, 'growth')
  const changed = await voucherify.campaigns.update(made.id, { description: 'second', expiration_date: '2098-01-01T00:00:00Z' })
  assert.equal(changed.description, 'second')
  assert.equal(changed.expiration_date, '2098-01-01T00:00:00.000Z')
  assert.equal(changed.metadata.team, 'growth')

  const list = await voucherify.campaigns.list({ limit: 100 })
  assert.equal(list.data_ref, 'campaigns')
  assert.ok(list.campaigns.some((c) => c.id === made.id))
  await refused(voucherify.campaigns.create(campaign('life')), 409, 'duplicate_found')

  await voucherify.campaigns.addCertainVoucher('life', 'LIFE-CODE')
  await voucherify.campaigns.disable(made.id)
  await refused(voucherify.redemptions.redeem('LIFE-CODE', { order: { amount: 100 } }), 400, 'voucher_disabled')
  await voucherify.campaigns.enable(made.id)
  assert.equal((await voucherify.redemptions.redeem('LIFE-CODE', { order: { amount: 100 } })).result, 'SUCCESS')

  await done(await voucherify.campaigns.delete('life', { force: true }))
  await refused(voucherify.campaigns.get('life'), 404, 'not_found')
  await refused(voucherify.redemptions.redeem('LIFE-CODE', { order: { amount: 100 } }), 404, 'not_found')
})

test('a campaign makes its codes in a job', async () => {
  const made = await voucherify.campaigns.create(campaign('bulk', { vouchers_count: 250 }))
  assert.equal(made.vouchers_generation_status, 'IN_PROGRESS')
  await done(made)
  const ready = await voucherify.campaigns.get('bulk')
  assert.equal(ready.vouchers_generation_status, 'DONE')
  assert.equal(ready.vouchers_count, 250)
  const { vouchers, total } = await voucherify.vouchers.list({ campaign: 'bulk', limit: 100 })
  assert.equal(total, 250)
  assert.equal(vouchers.length, 100)
  for (const v of vouchers) {
    assert.match(v.code, /^BULK-.{7}$/)
    assert.equal(v.campaign, 'bulk')
  }
})

test('a single multi-use code serves a whole campaign', async () => {
  await voucherify.campaigns.create({
    name: 'welcome', campaign_type: 'DISCOUNT_COUPONS', type: 'STANDALONE',
    voucher: { type: 'DISCOUNT_VOUCHER', discount: { type: 'AMOUNT', amount_off: 500 }, redemption: { quantity: null } },
  })
  const code = await voucherify.campaigns.addCertainVoucher('welcome', 'WELCOME', { redemption: { quantity: null } })
  assert.equal(code.redemption.quantity, null)
  for (let i = 0; i < 3; i++) await voucherify.redemptions.redeem('WELCOME', { order: { amount: 2000 } })
  assert.equal((await voucherify.vouchers.get('WELCOME')).redemption.redeemed_quantity, 3)
})

test('vouchers are added to a campaign: one drawn, one given, many in a job', async () => {
  await voucherify.campaigns.create(campaign('adds'))
  const one = await voucherify.campaigns.addVoucher('adds', { metadata: { from: 'adds' } })
  assert.match(one.code, /^ADDS-.{7}$/)
  assert.equal(one.metadata.from, 'adds')
  const given = await voucherify.campaigns.addCertainVoucher('adds', 'ADDS-GIVEN')
  assert.equal(given.code, 'ADDS-GIVEN')
  assert.equal(given.discount.percent_off, 20)
  const { result } = await done(await voucherify.campaigns.addVoucher('adds', {}, { vouchers_count: 30 }))
  assert.equal(result.done_count, 30)
  assert.equal((await voucherify.campaigns.get('adds')).vouchers_count, 32)
})

test('codes are imported into a campaign, and the same again creates nothing', async () => {
  await voucherify.campaigns.create(campaign('json'))
  const rows = [{ code: 'JSON-1' }, { code: 'JSON-2', metadata: { row: 2 } }, { code: 'JSON-1' }]
  const { result } = await done(await voucherify.campaigns.importVouchers('json', rows))
  assert.equal(result.done_count, 2)
  assert.equal(result.failed_count, 1)
  const again = await done(await voucherify.campaigns.importVouchers('json', rows))
  assert.equal(again.result.done_count, 0)
  assert.equal((await voucherify.campaigns.get('json')).vouchers_count, 2)
  assert.equal((await voucherify.vouchers.get('JSON-2')).metadata.row, 2)
})

test('codes are imported into a campaign from a CSV file', async (t) => {
  const made = await voucherify.campaigns.create(campaign('csv'))
  const dir = await mkdtemp(join(tmpdir(), 'scrip-'))
  t.after(() => rm(dir, { recursive: true }))
  const file = join(dir, 'codes.csv')
  await writeFile(file, 'Code,Shop\nCSVC-1,Ulm\nCSVC-2,Bonn\n"broken\n')
  const { result } = await done(await voucherify.campaigns.importVouchersCSV(made.id, file))
  assert.equal(result.done_count, 2)
  assert.equal(result.failed_count, 1)
  assert.equal(result.failed[0].row > 0, true)
  const voucher = await voucherify.vouchers.get('CSVC-2')
  assert.equal(voucher.metadata.Shop, 'Bonn')
  assert.equal(voucher.campaign, 'csv')
})

test('jobs are listed', async () => {
  const list = await voucherify.asyncActions.list({ limit: 5 })
  assert.equal(list.data_ref, 'async_actions')
  assert.ok(list.async_actions.length > 0)
  await refused(voucherify.asyncActions.get('aa_unknown'), 404, 'not_found')
})

test('what a campaign cannot be is refused', async () => {
  await refused(voucherify.campaigns.create({ ...campaign('loyal'), campaign_type: 'LOYALTY_PROGRAM' }), 400, 'not_supported')
  await refused(voucherify.campaigns.create(campaign('narrow', {
    vouchers_count: 500, voucher: { type: 'DISCOUNT_VOUCHER', discount: { type: 'AMOUNT', amount_off: 1 }, code_config: { pattern: 'N-##', charset: '0123456789' } },
  })), 400, 'invalid_code_config')
  await refused(voucherify.campaigns.get('narrow'), 404, 'not_found')
})
