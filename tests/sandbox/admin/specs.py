"""Specs of orders that differ in everything that matters to money, and the document that reads an order whole."""

from __future__ import annotations

from typing import Any

Spec = dict[str, Any]

ADDRESS = {
    "first_name": "Rosa",
    "last_name": "Luna",
    "address1": "1 Pier",
    "city": "Boston",
    "zip": "02110",
    "country_code": "US",
    "province_code": "MA",
    "phone": "+16175550107",
}

PLAIN: Spec = {
    "lines": [{"sku": "ALP-MUG", "quantity": 3}, {"sku": "ALP-SHIRT-M", "quantity": 2}],
    "email": "rosa.luna@example.com",
    "shipping_address": ADDRESS,
    "shipping": [{"title": "Standard", "price": "7.90"}],
}

ALPHA_SPECS: dict[str, Spec] = {
    "plain": PLAIN,
    "discounted": {
        **PLAIN,
        "lines": [
            {"sku": "ALP-MUG", "quantity": 3, "discount": {"amount": "4.00", "title": "Dent"}},
            {"sku": "ALP-SPORK", "quantity": 7},
            {"sku": "ALP-BARS", "quantity": 1},
        ],
        "discounts": [{"percent": "15", "code": "AUTUMN"}, {"amount": "2.00", "title": "Loyal"}],
        "shipping": [{"title": "Express", "price": "18.50", "discount": {"percent": "50"}}],
    },
    "in yen": {**PLAIN, "presentment_currency": "JPY"},
    "digital": {"lines": [{"sku": "ALP-MAP-DL"}], "email": "rosa.luna@example.com"},
    "gift card": {"lines": [{"sku": "ALP-GIFT-25", "quantity": 2}], "email": "rosa.luna@example.com"},
    "tip, duty and fee": {
        **PLAIN,
        "lines": [{"sku": "ALP-TENT-2P", "duty": "12.40"}],
        "tip": "5.00",
        "additional_fee": {"name": "Import fee", "price": "3.20"},
    },
    "custom line": {**PLAIN, "lines": [{"title": "Engraving", "price": "9.99", "quantity": 2}]},
    "untaxed guest": {
        "lines": [{"sku": "ALP-MUG"}],
        "guest": True,
        "taxes": False,
        "shipping_address": ADDRESS,
    },
    "authorized": {**PLAIN, "financial_state": "authorized"},
    "pending": {**PLAIN, "financial_state": "pending"},
    "free": {**PLAIN, "discounts": [{"percent": "100", "code": "ALLFREE"}], "shipping": []},
    "paid by gift card in part": {**PLAIN, "gift_card": "20.00"},
}

BETA_SPECS: dict[str, Spec] = {
    "two rates": {
        "lines": [{"sku": "BET-KANNE", "quantity": 2}, {"sku": "BET-KAFFEE", "quantity": 3}],
        "email": "anna.becker@example.de",
        "shipping": [{"title": "DHL Paket", "price": "4.90"}],
    },
    "in francs, discounted": {
        "lines": [{"sku": "BET-PFANNE"}, {"sku": "BET-LICHT", "quantity": 13}],
        "email": "sara.frei@example.ch",
        "presentment_currency": "CHF",
        "discounts": [{"amount": "10.00", "code": "ZEHN"}],
        "shipping": [{"title": "DHL International", "price": "14.90"}],
    },
}

ORDER = """
fragment M on MoneyBag { shopMoney { amount currencyCode } presentmentMoney { amount currencyCode } }
query Order($id: ID!) { order(id: $id) {
  id legacyResourceId name email note tags createdAt updatedAt processedAt cancelledAt cancelReason closed test
  currencyCode presentmentCurrencyCode taxesIncluded sourceName displayFinancialStatus displayFulfillmentStatus
  returnStatus poNumber edited
  customAttributes { key value }
  customer { id email displayName }
  purchasingEntity { __typename ... on Customer { id } ... on PurchasingCompany { company { name } location { id } } }
  paymentTerms { paymentTermsType dueInDays paymentSchedules(first: 2) { nodes { dueAt balanceDue { amount } } } }
  shippingAddress { name address1 city zip countryCodeV2 provinceCode } billingAddress { address1 }
  totalPriceSet { ...M } originalTotalPriceSet { ...M } currentTotalPriceSet { ...M } currentSubtotalPriceSet { ...M }
  currentTotalTaxSet { ...M } currentShippingPriceSet { ...M } subtotalPriceSet { ...M } totalTaxSet { ...M }
  totalShippingPriceSet { ...M } totalDiscountsSet { ...M } totalTipReceivedSet { ...M } totalReceivedSet { ...M }
  totalRefundedSet { ...M } totalOutstandingSet { ...M } totalCapturableSet { ...M } netPaymentSet { ...M }
  originalTotalDutiesSet { ...M } totalCapturable totalPrice
  taxLines { title rate priceSet { ...M } } currentTaxLines { title rate priceSet { ...M } }
  discountApplications(first: 9) { nodes { __typename index allocationMethod targetType
    value { ... on MoneyV2 { amount } ... on PricingPercentageValue { percentage } }
    ... on DiscountCodeApplication { code } ... on ManualDiscountApplication { title } } }
  lineItems(first: 50) { nodes { id name sku quantity currentQuantity refundableQuantity unfulfilledQuantity isGiftCard
    requiresShipping taxable variant { id } product { id } originalUnitPriceSet { ...M } originalTotalSet { ...M }
    discountedTotalSet { ...M } totalDiscountSet { ...M } duties { id price { ...M } }
    discountAllocations { allocatedAmountSet { ...M } discountApplication { index } }
    taxLines { title rate priceSet { ...M } } } }
  shippingLines(first: 9) { nodes { id title originalPriceSet { ...M } discountedPriceSet { ...M }
    taxLines { title priceSet { ...M } } discountAllocations { allocatedAmountSet { ...M } } } }
  transactions { id kind status gateway amountSet { ...M } parentTransaction { id } manualPaymentGateway
    fees { amount { amount } } }
  refunds { id note totalRefundedSet { ...M } refundLineItems(first: 20) { nodes { quantity restockType restocked
    lineItem { id sku } subtotalSet { ...M } totalTaxSet { ...M } location { id } } }
    refundShippingLines(first: 5) { nodes { subtotalAmountSet { ...M } taxAmountSet { ...M } } }
    orderAdjustments(first: 5) { nodes { amountSet { ...M } reason } }
    transactions(first: 5) { nodes { id kind amountSet { ...M } } } return { id } }
  fulfillments { id status displayStatus name trackingInfo { company number url } location { id }
    fulfillmentLineItems(first: 20) { nodes { quantity lineItem { sku } } } }
  fulfillmentOrders(first: 9) { nodes { id status requestStatus assignedLocation { name location { id } }
    supportedActions { action } deliveryMethod { methodType }
    lineItems(first: 20) { nodes { id remainingQuantity totalQuantity sku lineItem { id } } } } }
  returns(first: 5) { nodes { id name status } }
  metafields(first: 5) { nodes { namespace key value } }
  agreements(first: 20) { nodes { __typename id happenedAt reason
    ... on RefundAgreement { refund { id } } ... on ReturnAgreement { return { id } }
    sales(first: 50) { nodes { __typename actionType lineType quantity totalAmount { ...M } totalTaxAmount { ...M }
      totalDiscountAmountBeforeTaxes { ...M } taxes { amount { ...M } taxLine { title rate } }
      ... on ProductSale { lineItem { sku } } ... on GiftCardSale { lineItem { sku } }
      ... on TipSale { lineItem { id } }
      ... on ShippingLineSale { shippingLine { title } } ... on DutySale { duty { id } }
      ... on AdditionalFeeSale { additionalFee { name } } } } } }
} }
"""
