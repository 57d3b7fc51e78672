// What the tests of this folder share: the SDK as an integrator would set it up,
// and two words for what they wait for and what they expect to fail.
import assert from 'node:assert/strict'
import { setTimeout as wait } from 'node:timers/promises'
import sdk from '@voucherify/sdk'

export const voucherify = sdk.VoucherifyServerSide({
  applicationId: process.env.SCRIP_APP_ID,
  secretKey: process.env.SCRIP_APP_TOKEN,
  apiUrl: process.env.SCRIP_URL,
})

// refused requires that a call fails with this status and key, as the SDK's own
// error shows it.
export async function refused(call, code, key) {
  await assert.rejects(call, (err) => {
    assert.equal(err.constructor.name.length > 0 && 'key' in err, true, `no error of the SDK: ${err}`)
    assert.equal(`${err.code} ${err.key}`, `${code} ${key}`, JSON.stringify(err))
    assert.equal(typeof err.message, 'string')
    assert.ok(err.request_id, 'no request id')
    return true
  })
}

// done waits for a job's end and returns it; one that failed fails the test.
export async function done({ async_action_id: id }) {
  assert.ok(id, 'no async_action_id')
  for (let pause = 10; ; pause = Math.min(pause * 2, 500)) {
    const action = await voucherify.asyncActions.get(id)
    if (action.status === 'DONE') {
      assert.equal(action.progress, 100)
      return action
    }
    assert.notEqual(action.status, 'FAILED', JSON.stringify(action))
    await wait(pause)
  }
}

export const sum = (list, of) => list.reduce((total, element) => total + of(element), 0)
