"""The GraphQL documents that the tests of writes send."""

from __future__ import annotations

REFUND = """
mutation Refund($input: RefundInput!, $key: String!) { refundCreate(input: $input) @idempotent(key: $key) {
  refund { id note totalRefundedSet { shopMoney { amount } } }
  order { id displayFinancialStatus } userErrors { field message } } }
"""
SUGGEST = """
query Suggest($id: ID!, $line: ID!) { order(id: $id) {
  suggestedRefund(refundShipping: true, refundLineItems: [{lineItemId: $line, quantity: 1}]) {
    amountSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
    suggestedTransactions { gateway parentTransaction { id } amountSet { shopMoney { amount } } } } } }
"""
CANCEL = """
mutation Cancel($id: ID!, $method: OrderCancelRefundMethodInput, $refund: Boolean, $note: String) {
  orderCancel(orderId: $id, reason: CUSTOMER, restock: true, refundMethod: $method, refund: $refund, staffNote: $note) {
    job { id done } jobResult { status done order { cancelledAt } }
    orderCancelUserErrors { field code message } userErrors { field message } } }
"""
UPDATE = """
mutation Update($input: OrderInput!) { orderUpdate(input: $input) {
  order { note tags poNumber customAttributes { key value } shippingAddress { lastName city } }
  userErrors { field message } } }
"""
MARK_AS_PAID = """
mutation Pay($input: OrderMarkAsPaidInput!) { orderMarkAsPaid(input: $input) {
  order { displayFinancialStatus } userErrors { field message } } }
"""
CAPTURE = """
mutation Capture($input: OrderCaptureInput!) { orderCapture(input: $input) {
  transaction { kind parentTransaction { id } } userErrors { field message } } }
"""
SHIP = """
mutation Ship($f: FulfillmentInput!) { fulfillmentCreate(fulfillment: $f) {
  fulfillment { id status displayStatus trackingInfo { company number url } totalQuantity }
  userErrors { field message } } }
"""
TRACK = """
mutation Track($id: ID!, $t: FulfillmentTrackingInput!) {
  fulfillmentTrackingInfoUpdate(fulfillmentId: $id, trackingInfoInput: $t) {
    fulfillment { trackingInfo { number } } userErrors { field message } } }
"""
CALL_OFF = """
mutation CallOff($id: ID!) { fulfillmentCancel(id: $id) {
  fulfillment { status displayStatus } userErrors { field message } } }
"""
MOVE = """
mutation Move($id: ID!, $to: ID!, $rows: [FulfillmentOrderLineItemInput!]) {
  fulfillmentOrderMove(id: $id, newLocationId: $to, fulfillmentOrderLineItems: $rows) {
    movedFulfillmentOrder { id status assignedLocation { name }
      lineItems(first: 9) { nodes { remainingQuantity sku } } }
    originalFulfillmentOrder { id } remainingFulfillmentOrder { id } userErrors { field message code } } }
"""
HOLD = """
mutation Hold($id: ID!, $hold: FulfillmentOrderHoldInput!) { fulfillmentOrderHold(id: $id, fulfillmentHold: $hold) {
  fulfillmentHold { id displayReason handle } fulfillmentOrder { status supportedActions { action } }
  userErrors { field message code } } }
"""
RELEASE = """
mutation Release($id: ID!, $holds: [ID!]) { fulfillmentOrderReleaseHold(id: $id, holdIds: $holds) {
  fulfillmentOrder { status } userErrors { field message code } } }
"""
RETURN = """
mutation Return($input: ReturnInput!) { returnCreate(returnInput: $input) {
  return { id name status totalQuantity
    returnLineItems(first: 5) { nodes { id quantity returnReason
      ... on ReturnLineItem { fulfillmentLineItem { id } } } }
    reverseFulfillmentOrders(first: 2) { nodes { id status lineItems(first: 5) { nodes { id } } } } }
  userErrors { field message code } } }
"""
REQUEST_RETURN = """
mutation Ask($input: ReturnRequestInput!) { returnRequest(input: $input) {
  return { id status } userErrors { field message code } } }
"""
APPROVE_RETURN = """
mutation Approve($input: ReturnApproveRequestInput!) { returnApproveRequest(input: $input) {
  return { status } userErrors { field message code } } }
"""
CLOSE_RETURN = """
mutation Close($id: ID!) { returnClose(id: $id) { return { status } userErrors { field message code } } }
"""
PROCESS_RETURN = """
mutation Process($input: ReturnProcessInput!) { returnProcess(input: $input) {
  return { status refunds(first: 5) { nodes { id } }
    returnLineItems(first: 5) { nodes { processedQuantity unprocessedQuantity refundedQuantity } } }
  userErrors { field message code } } }
"""
SET = """
mutation Set($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) {
    inventoryAdjustmentGroup { id reason
      changes { name delta quantityAfterChange ledgerDocumentUri item { sku } } }
    userErrors { code field message } } }
"""
ADJUST = SET.replace("InventorySetQuantitiesInput", "InventoryAdjustQuantitiesInput").replace(
    "inventorySetQuantities", "inventoryAdjustQuantities"
)
MOVE_STOCK = SET.replace("InventorySetQuantitiesInput", "InventoryMoveQuantitiesInput").replace(
    "inventorySetQuantities", "inventoryMoveQuantities"
)
ACTIVATE = """
mutation Activate($item: ID!, $place: ID!, $available: Int, $onHand: Int, $key: String!) {
  inventoryActivate(inventoryItemId: $item, locationId: $place, available: $available, onHand: $onHand)
  @idempotent(key: $key) {
    inventoryLevel { id quantities(names: ["available", "on_hand"]) { quantity } } userErrors { field message } } }
"""
DEACTIVATE = """
mutation Deactivate($id: ID!) { inventoryDeactivate(inventoryLevelId: $id) { userErrors { field message } } }
"""
ITEM = """
mutation Item($id: ID!, $input: InventoryItemInput!) { inventoryItemUpdate(id: $id, input: $input) {
  inventoryItem { sku unitCost { amount } measurement { weight { value } } } userErrors { field message } } }
"""
